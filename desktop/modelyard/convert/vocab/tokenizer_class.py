"""What transformers' tokenizer classes add to tokenizer.json: default special tokens, a rebuilt BOS/EOS template.

The reference loads tokenizers through transformers' AutoTokenizer (4.57.6), so the class named in tokenizer_config.json
decides whether BOS comes before the text, which changes the pre-tokenizer's fingerprint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_END = "<|endoftext|>"
_BERT = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}
_ROBERTA = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "sep_token": "</s>",
    "cls_token": "<s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}
_GPT2 = {"unk_token": _END, "bos_token": _END, "eos_token": _END}
_LLAMA = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}


@dataclass(frozen=True)
class TokenizerClass:
    """specials: tokens the class assumes. template: BOS and EOS are put by the class, not by tokenizer.json; `bos` is
    its default for add_bos_token. prefix_space: the class's default for add_prefix_space (None: leaves it alone).
    bert: rewrites the normalizer from tokenizer_config.json."""

    specials: Mapping[str, str] = field(default_factory=dict)
    template: bool = False
    bos: bool = False
    prefix_space: bool | None = False
    bert: bool = False


_CLASSES: dict[str, TokenizerClass] = {
    "PreTrainedTokenizer": TokenizerClass(),
    "LlamaTokenizer": TokenizerClass(_LLAMA, template=True, bos=True, prefix_space=None),
    "CodeLlamaTokenizer": TokenizerClass(
        _LLAMA | {"prefix_token": "▁<PRE>", "middle_token": "▁<MID>", "suffix_token": "▁<SUF>", "eot_token": "▁<EOT>"},
        template=True,
        bos=True,
    ),
    "GemmaTokenizer": TokenizerClass(
        {"unk_token": "<unk>", "bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>"},
        template=True,
        bos=True,
    ),
    "CohereTokenizer": TokenizerClass(
        {"unk_token": "<UNK>", "bos_token": "<BOS_TOKEN>", "eos_token": "<|END_OF_TURN_TOKEN|>"},
        template=True,
        bos=True,
    ),
    "GPTNeoXTokenizer": TokenizerClass(_GPT2, template=True),
    "GPT2Tokenizer": TokenizerClass(_GPT2),
    "CodeGenTokenizer": TokenizerClass(_GPT2),
    "Qwen2Tokenizer": TokenizerClass({"unk_token": _END, "eos_token": _END, "pad_token": _END}),
    "BloomTokenizer": TokenizerClass(_LLAMA | {"pad_token": "<pad>"}),
    "BertTokenizer": TokenizerClass(_BERT, bert=True),
    "DistilBertTokenizer": TokenizerClass(_BERT, bert=True),
    "RobertaTokenizer": TokenizerClass(_ROBERTA),
    "XLMRobertaTokenizer": TokenizerClass(_ROBERTA),
    "MPNetTokenizer": TokenizerClass(_ROBERTA | {"unk_token": "[UNK]"}, bert=True),
}

# The class a model type means when tokenizer_config.json names none (TOKENIZER_MAPPING_NAMES).
_BY_MODEL_TYPE = {
    "LlamaTokenizer": "llama mistral mixtral arcee phi3 phimoe deepseek_v2 deepseek_v3 ernie4_5 ernie4_5_moe llama4",
    "Qwen2Tokenizer": "qwen2 qwen2_moe qwen3 qwen3_moe qwen3_next qwen2_5_vl",
    "GemmaTokenizer": "gemma gemma2 gemma3 gemma3_text",
    "CohereTokenizer": "cohere cohere2",
    "GPTNeoXTokenizer": "gpt_neox olmo olmo2 olmoe stablelm mamba mamba2 falcon_mamba mpt",
    "GPT2Tokenizer": "gpt2 gpt_bigcode gptj granite granitemoe olmo3 starcoder2 exaone4",
    "CodeGenTokenizer": "phi codegen",
    "BloomTokenizer": "bloom",
    "BertTokenizer": "bert",
    "DistilBertTokenizer": "distilbert",
    "RobertaTokenizer": "roberta",
    "XLMRobertaTokenizer": "xlm-roberta",
}


def is_of_version_5(tokenizer_config: Mapping[str, Any]) -> bool:
    """Saved by transformers 5 in a form that 4.57.6 does not read: with such a file the reference ends."""
    name = tokenizer_config.get("tokenizer_class")
    return name == "TokenizersBackend" or isinstance(tokenizer_config.get("extra_special_tokens"), list)


def tokenizer_class(tokenizer_config: Mapping[str, Any], config: Mapping[str, Any]) -> TokenizerClass:
    """A class we do not know (its code is in the repository, never run) behaves as its tokenizer.json says."""
    name = tokenizer_config.get("tokenizer_class") or config.get("tokenizer_class")
    if not isinstance(name, str):
        model_type = config.get("model_type")
        name = next((each for each, types in _BY_MODEL_TYPE.items() if model_type in types.split()), "")
    return _CLASSES.get(name.removesuffix("Fast"), _CLASSES["PreTrainedTokenizer"])
