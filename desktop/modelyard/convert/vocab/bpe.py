"""Byte-level BPE vocabularies (tokenizer model "gpt2"): tokens by id, their kinds, the pre-tokenizer, the merges."""

from __future__ import annotations

from dataclasses import dataclass

import gguf

from ...errors import Code, ModelyardError
from ..config import bounded
from ..keys import Keys
from ..model import Model
from .fingerprint import TEXT, pretokenizer
from .hf_tokenizer import HfTokenizer, load_tokenizer
from .special import SpecialTokens

# Where the fingerprint is not known: the pre-tokenizer this architecture's models use.
_BY_ARCHITECTURE = {
    "llama": "llama-bpe",
    "llama4": "llama4",
    "mistral3": "tekken",
    "qwen2": "qwen2",
    "qwen2moe": "qwen2",
    "qwen2vl": "qwen2",
    "qwen3": "qwen2",
    "qwen3moe": "qwen2",
    "qwen3next": "qwen2",
    "qwen35": "qwen35",
    "qwen35moe": "qwen35",
    "phi2": "gpt-2",
    "phi3": "dbrx",
    "olmo": "olmo",
    "olmo2": "dbrx",
    "olmoe": "olmo",
    "command-r": "command-r",
    "cohere2": "command-r",
    "starcoder2": "starcoder",
    "granite": "refact",
    "granitemoe": "refact",
    "falcon": "falcon",
    "gptneox": "olmo",
    "stablelm": "stablelm2",
    "smollm3": "smaug-bpe",
    "glm4": "glm4",
    "chatglm": "chatglm-bpe",
    "exaone4": "exaone4",
    "exaone-moe": "exaone-moe",
    "deepseek32": "deepseek-v3",
    "step35": "deepseek-v3",
    "glm4moe": "glm4",
    "glm-dsa": "glm4",
    "deci": "llama-bpe",
    "afmoe": "afmoe",
    "mellum": "mellum2",
    "cohere2moe": "cohere2moe",
    "hunyuan-moe": "hunyuan",
    "hunyuan-dense": "hunyuan-dense",
    "hy_v3": "hunyuan-dense",
    "minimax-m2": "minimax-m2",
    "minimax-m3": "minimax-m2",
    "bailingmoe": "bailingmoe",
    "bailingmoe2": "bailingmoe2",
    "mimo2": "qwen2",
    "smallthinker": "qwen2",
    "grovemoe": "qwen2",
    "deepseek2": "deepseek-v3",
    "gpt-oss": "gpt-4o",
    "lfm2": "lfm2",
    "apertus": "tekken",
    "bert": "jina-v2-en",
    "roberta": "roberta-bpe",
    "jina-bert-v2": "jina-v2-code",
    "eurobert": "llama-bpe",
    "mpt": "olmo",
    "dbrx": "dbrx",
    "codeshell": "codeshell",
    "refact": "refact",
    "jais": "jais",
    "jais2": "jais-2",
    "grok": "grok-2",
    "maincoder": "qwen2",
    "chameleon": "chameleon",
}


@dataclass(frozen=True)
class Vocabulary:
    """tokens and kinds (gguf.TokenType) by id; pre: llama.cpp's name of the pre-tokenizer."""

    tokens: list[str]
    kinds: list[int]
    pre: str
    tokenizer: HfTokenizer


def looks_special(text: str) -> bool:
    """Added tokens that ought to be control tokens though their file does not say so (conversion/base.py)."""
    return (
        text in ("<pad>", "<mask>", "<2mass>", "[@BOS@]")
        or (text.startswith("<|") and text.endswith("|>"))
        or (text.startswith("<｜") and text.endswith("｜>"))
        or (text.startswith("<unused") and text.endswith(">"))
    )


def need_tokenizer(model: Model) -> HfTokenizer:
    """Raises TOKENIZER_MISSING, TOKENIZER_INVALID."""
    tokenizer = load_tokenizer(model)
    if tokenizer is None:
        raise ModelyardError(Code.TOKENIZER_MISSING, name="tokenizer.json", base_model=base_model(model))
    return tokenizer


def base_model(model: Model) -> str | None:
    """A repository that may hold the missing file: the one config.json names."""
    name = model.raw.get("_name_or_path")
    return name if isinstance(name, str) and name.count("/") == 1 and not name.startswith((".", "/")) else None


def read_vocabulary(model: Model, architecture: str) -> Vocabulary:
    """conversion/base.py get_vocab_base. Raises TOKENIZER_MISSING, TOKENIZER_INVALID."""
    tokenizer = need_tokenizer(model)
    size = model.config.get("vocab_size")
    size = len(tokenizer.vocabulary) if size is None else bounded("vocab_size", size)
    beyond = sum(number >= size for number in tokenizer.vocabulary.values())
    if beyond:
        model.warn("tokens_beyond_vocabulary", count=beyond, size=size)
    tokens = [f"[PAD{number}]" for number in range(size)]
    kinds = [int(gguf.TokenType.UNUSED)] * size
    for text, number in tokenizer.vocabulary.items():
        if number < size:
            tokens[number], kinds[number] = text, int(gguf.TokenType.NORMAL)
    texts = {token.content for token in tokenizer.added.values()}
    for number in range(size):
        if tokens[number] in texts and number in tokenizer.added:
            tokens[number], kinds[number] = _added_token(tokenizer, number, tokens[number])
    return Vocabulary(tokens, kinds, _pretokenizer(model, tokenizer, architecture), tokenizer)


def _added_token(tokenizer: HfTokenizer, number: int, text: str) -> tuple[str, int]:
    """llama.cpp expects added tokens in the form the normalizer gives them."""
    flags = tokenizer.added[number]
    if not flags.normalized:
        text = tokenizer.round_trip(text)
    if flags.special or looks_special(text):
        return text, int(gguf.TokenType.CONTROL)
    return text.replace("▁", " "), int(gguf.TokenType.USER_DEFINED)


def _pretokenizer(model: Model, tokenizer: HfTokenizer, architecture: str) -> str:
    known = pretokenizer(tokenizer.encode(TEXT))
    if known is not None:
        return known
    used = _BY_ARCHITECTURE.get(architecture, "default")
    model.warn("pretokenizer_unknown", used=used)
    return used


def write_tokens(vocabulary: Vocabulary, keys: Keys) -> None:
    """The four keys every byte-level vocabulary begins with."""
    keys.add_tokenizer_model("gpt2")
    keys.add_tokenizer_pre(vocabulary.pre)
    keys.add_token_list(vocabulary.tokens)
    keys.add_token_types(vocabulary.kinds)


def write_bpe(model: Model, keys: Keys, like: str = "") -> None:
    """conversion/base.py _set_vocab_gpt2. like: whose pre-tokenizer an unknown one is taken for, if not the
    architecture's."""
    write_tokens(read_vocabulary(model, like or keys.arch), keys)
    SpecialTokens(model, merges=True).write(keys)
