"""One tiny checkpoint for every class name of the table of families, 256 wide so that every small type applies.

family_shapes/*.json hold configurations and tensor shapes as transformers 4.57.6 (or the makers' own programs) save
them; numbers in names are folded ("layers.0-3."). Weights follow from their names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from modelyard.selftest.tiny_checkpoint import write_tiny_llama

from .hf_folder_models import write_model
from .recorded_checkpoint import weights_of
from .vocabularies import write_pieces, write_plamo, write_qwen, write_rwkv, write_unigram, write_wordpiece

WIDTH = 256
ROWS = 320  # of every embedding
_EMBEDS = (
    "Bert",
    "BERT",
    "Roberta",
    "Camembert",
    "Gemma3Text",
    "JinaEmbeddings",
    "LlamaBidirectional",
    "Lfm2Model",
    "Lfm2Bi",
)
_RANGE = re.compile(r"(?<=\.)(\d+)-(\d+)(?=\.)")


@dataclass(frozen=True)
class Case:
    """shape: an entry of family_shapes. vocabulary: "bpe", "llama" (byte fallback), "pieces" (tokenizer.model),
    "wordpiece" or another of _WRITERS. renamed: from the entry's tensor names to this class's. config: changes. tokens:
    further ones of tokenizer.json. sees: an entry with an encoder for pictures, to be added."""

    shape: str
    vocabulary: str = "bpe"
    renamed: Callable[[str], str] = str
    config: Mapping[str, Any] = field(default_factory=dict)
    tokens: tuple[str, ...] = ()
    sees: str = ""


def _behind(prefix: str) -> Callable[[str], str]:
    return lambda name: prefix + name


def _swapped(old: str, new: str) -> Callable[[str], str]:
    return lambda name: name.replace(old, new, 1)


_CLIP = {
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
    "min_pixels": 3136,
    "max_pixels": 12845056,
    "patch_size": 14,
}
_HALVES = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
_PICTURES: Mapping[str, Mapping[str, Any]] = {  # preprocessor_config.json, by shape
    "gemma3mm": _HALVES | {"image_seq_length": 4},
    "qwen2vl": _CLIP,
    "qwen25vl": _CLIP,
    "mistral3": _CLIP,
    "pixtral": _CLIP,
    "lightonocr": _CLIP,
    "internvl": _CLIP,
    "internvlchat": _CLIP,
    "smolvlm": _HALVES | {"size": {"longest_edge": 112}},
    "lfm2vl": _HALVES,
    "llama4mm": _HALVES,
    "qwen3vl": _HALVES,
    "qwen3vlmoe": _HALVES,
    "qwen35": _HALVES,
    "qwen35moe": _HALVES,
    "dotssees": _CLIP,
    "paddleocr": _HALVES | {"min_pixels": 3136, "max_pixels": 12544},
    "glmsees": _CLIP,
    "glmocrsees": _CLIP,
    "kimisees": _HALVES,
    "gemma3nsees": _HALVES | {"image_seq_length": 256, "size": {"height": 768, "width": 768}},
    "deepseekocr": _HALVES,
    "deepseekocr2": _HALVES,
    "hunyuanvl": _CLIP,
    "youtusees": _HALVES,
    "kimik25sees": _HALVES,
    "exaone45sees": _CLIP,
    "minicpmv": _HALVES | {"scale_resolution": 112},
    "janus": _HALVES,
    "phi4sees": _HALVES | {"patch_size": 14, "min_num_patches": 4, "max_num_patches": 64},
    "gemma4unisees": {"image_mean": [0.0] * 3, "image_std": [1.0] * 3},
    "gemma4sees": {"image_mean": [0.0] * 3, "image_std": [1.0] * 3},
}
_SMOLVLM = ("<fake_token_around_image>", "<global-img>", "\n\n")  # llama.cpp puts them around a picture
_LANGUAGE = _behind("language_model.")

CASES = {
    "LlamaForCausalLM": Case("llama", "llama"),
    "LLaMAForCausalLM": Case("llama", "pieces"),
    "MistralForCausalLM": Case("mistral", "pieces"),
    "MixtralForCausalLM": Case("mixtral", "pieces"),
    "IQuestCoderForCausalLM": Case("llama", "pieces"),
    "LlamaModel": Case("llamamodel", "llama"),
    "LlavaForConditionalGeneration": Case("pixtral", tokens=("[IMG_BREAK]",)),
    "VLlama3ForCausalLM": Case("llama", "llama"),
    "VoxtralForConditionalGeneration": Case("voxtral", "llama"),
    "SmolLM3ForCausalLM": Case("smollm3"),
    "BitnetForCausalLM": Case("bitnet", "pieces"),
    "DeepseekForCausalLM": Case("deepseek"),
    "BailingMoeV2ForCausalLM": Case("bailing2"),
    "Dots1ForCausalLM": Case("dots1"),
    "MiniMaxM2ForCausalLM": Case("minimaxm2"),
    "Glm4MoeLiteForCausalLM": Case("glm4moelite"),
    "ArceeForCausalLM": Case("arcee"),
    "Qwen2ForCausalLM": Case("qwen2"),
    "Qwen2Model": Case("qwen2model"),
    "KORMoForCausalLM": Case("qwen2"),
    "DotsOCRForCausalLM": Case("qwen2", sees="dotssees"),
    "Qwen2AudioForConditionalGeneration": Case("qwen2audio"),
    "AudioFlamingo3ForConditionalGeneration": Case("qwen2", renamed=_LANGUAGE),
    "Qwen3ForCausalLM": Case("qwen3"),
    "Qwen3Model": Case("qwen3model"),
    "Qwen2VLForConditionalGeneration": Case("qwen2vl"),
    "Qwen2_5_VLForConditionalGeneration": Case("qwen25vl"),
    "Qwen2VLModel": Case("qwen2vl"),
    "Qwen2_5OmniModel": Case("qwen25vl", renamed=_behind("thinker.")),
    "Qwen2MoeForCausalLM": Case("qwen2moe"),
    "Qwen3MoeForCausalLM": Case("qwen3moe"),
    "GemmaForCausalLM": Case("gemma", "pieces"),
    "Gemma2ForCausalLM": Case("gemma2", "pieces"),
    "Gemma3ForCausalLM": Case("gemma3", "pieces"),
    "Gemma3ForConditionalGeneration": Case("gemma3mm", "pieces"),
    "Gemma3TextModel": Case("gemma3text", "pieces"),
    "PhiForCausalLM": Case("phi2"),
    "Phi3ForCausalLM": Case("phi3", "pieces"),
    "Phi4ForCausalLMV": Case("phi3", sees="phi4sees"),
    "PhiMoEForCausalLM": Case("phimoe", "pieces"),
    "GraniteForCausalLM": Case("granite"),
    "GraniteMoeForCausalLM": Case("granitemoe"),
    "GraniteMoeSharedForCausalLM": Case("granitemoeshared"),
    "OlmoForCausalLM": Case("olmo"),
    "OLMoForCausalLM": Case("olmo"),
    "Olmo2ForCausalLM": Case("olmo2"),
    "Olmo3ForCausalLM": Case("olmo3"),
    "OlmoeForCausalLM": Case("olmoe"),
    "GPT2LMHeadModel": Case("gpt2"),
    "CohereForCausalLM": Case("cohere"),
    "Cohere2ForCausalLM": Case("cohere2"),
    "GPTBigCodeForCausalLM": Case("bigcode"),
    "Starcoder2ForCausalLM": Case("starcoder2"),
    "FalconForCausalLM": Case("falcon"),
    "RWForCausalLM": Case("falcon7"),
    "GPTNeoXForCausalLM": Case("gptneox"),
    "StableLmForCausalLM": Case("stablelm"),
    "StableLMEpochForCausalLM": Case("stablelm"),
    "LlavaStableLMEpochForCausalLM": Case("stablelm"),
    "GlmForCausalLM": Case("glm"),
    "ChatGLMModel": Case("chatglm"),
    "ChatGLMForConditionalGeneration": Case("chatglm"),
    "Glm4ForCausalLM": Case("glm4"),
    "Glm4MoeForCausalLM": Case("glm4moe"),
    "ExaoneForCausalLM": Case("exaone"),
    "Exaone4ForCausalLM": Case("exaone4"),
    "InternLM2ForCausalLM": Case("internlm2", "pieces"),
    "InternLM3ForCausalLM": Case("llama", "pieces"),
    "NemotronForCausalLM": Case("nemotron"),
    "DeepseekV2ForCausalLM": Case("deepseek2"),
    "DeepseekV3ForCausalLM": Case("deepseek3"),
    "KimiVLForConditionalGeneration": Case("deepseek3", renamed=_LANGUAGE, sees="kimisees"),
    "KimiK25ForConditionalGeneration": Case("deepseek3", renamed=_LANGUAGE, sees="kimik25sees"),
    "GptOssForCausalLM": Case("gptoss"),
    "Lfm2ForCausalLM": Case("lfm2"),
    "LFM2ForCausalLM": Case("lfm2"),
    "Lfm2MoeForCausalLM": Case("lfm2moe"),
    "MambaForCausalLM": Case("mamba"),
    "MambaLMHeadModel": Case("mamba", renamed=_swapped("backbone.embeddings.", "backbone.embedding.")),
    "FalconMambaForCausalLM": Case("falconmamba"),
    "Mamba2ForCausalLM": Case("mamba2"),
    "ApertusForCausalLM": Case("apertus"),
    "Ernie4_5_ForCausalLM": Case("ernie", "pieces", _swapped("model.", "ernie.")),
    "Ernie4_5ForCausalLM": Case("ernie"),
    "Ernie4_5_MoeForCausalLM": Case("erniemoe"),
    "Llama4ForCausalLM": Case("llama4"),
    "Llama4ForConditionalGeneration": Case("llama4mm"),
    "Qwen3NextForCausalLM": Case("qwen3next"),
    "Qwen3_5MoeForCausalLM": Case("qwen35moe"),
    "Qwen3_5MoeForConditionalGeneration": Case("qwen35moe"),
    "Qwen3_5ForCausalLM": Case("qwen35"),
    "Qwen3_5ForConditionalGeneration": Case("qwen35"),
    "MiniCPMForCausalLM": Case(
        "llama", "pieces", config={"scale_emb": 12, "scale_depth": 1.4, "dim_model_base": 256, "head_dim": None}
    ),
    "MiniCPM3ForCausalLM": Case("minicpm3", "pieces"),
    "BaichuanForCausalLM": Case("baichuan", "pieces"),
    "BaiChuanForCausalLM": Case("baichuan", "pieces"),
    "BertModel": Case("bert", "wordpiece"),
    "BertForMaskedLM": Case("bertmlm", "wordpiece"),
    "CamembertModel": Case("camembert", "wordpiece"),
    "BertForSequenceClassification": Case("bertcls", "wordpiece"),
    "DistilBertModel": Case("distilbert", "wordpiece"),
    "DistilBertForMaskedLM": Case("distilbertmlm", "wordpiece"),
    "DistilBertForSequenceClassification": Case("distilbertcls", "wordpiece"),
    "RobertaModel": Case("roberta"),
    "RobertaForSequenceClassification": Case("robertacls"),
    "XLMRobertaModel": Case("xlmr", "unigram"),
    "XLMRobertaForSequenceClassification": Case("xlmrcls", "unigram"),
    "NomicBertModel": Case("nomic", "wordpiece"),
    "ModernBertModel": Case("modernbert"),
    "ModernBertForMaskedLM": Case("modernbertmlm"),
    "ModernBertForSequenceClassification": Case("modernbertcls"),
    "Ministral3ForCausalLM": Case("mistral"),
    "Mistral3ForConditionalGeneration": Case("mistral3", tokens=("[IMG_BREAK]",)),
    "Idefics3ForConditionalGeneration": Case("smolvlm", tokens=_SMOLVLM),
    "SmolVLMForConditionalGeneration": Case("smolvlm", tokens=_SMOLVLM),
    "InternVLChatModel": Case("internvlchat"),
    "InternVLForConditionalGeneration": Case("internvl"),
    "Lfm2VlForConditionalGeneration": Case("lfm2vl"),
    "LightOnOCRForConditionalGeneration": Case("lightonocr"),
    "LightOnOcrForConditionalGeneration": Case("lightonocr"),
    "PaddleOCRVLForConditionalGeneration": Case("paddleocr", "pieces"),
    "Qwen3OmniMoeForConditionalGeneration": Case("qwen3omni"),
    "Qwen3VLForConditionalGeneration": Case("qwen3vl"),
    "Qwen3VLMoeForConditionalGeneration": Case("qwen3vlmoe"),
    "SeedOssForCausalLM": Case("seedoss"),
    "GraniteMoeHybridForCausalLM": Case("granitehybrid"),
    "BambaForCausalLM": Case("bamba"),
    "BloomForCausalLM": Case("bloom"),
    "BloomModel": Case("bloommodel"),
    "HunYuanDenseV1ForCausalLM": Case("hunyuan"),
    "DeciLMForCausalLM": Case("deci", "llama"),
    "ExaoneMoEForCausalLM": Case("exaonemoe"),
    "ExaoneMoeForCausalLM": Case("exaonemoe"),
    "Exaone4_5_ForConditionalGeneration": Case("exaone45", sees="exaone45sees"),
    "AfmoeForCausalLM": Case("afmoe"),
    "SmallThinkerForCausalLM": Case("smallthinker"),
    "GroveMoeForCausalLM": Case("grovemoe"),
    "modeling_grove_moe.GroveMoeForCausalLM": Case("grovemoe"),
    "HYV3ForCausalLM": Case("hyv3"),
    "MellumForCausalLM": Case("mellum"),
    "DeepseekV32ForCausalLM": Case("dsv32"),
    "GlmMoeDsaForCausalLM": Case("glmdsa"),
    "Step3p5ForCausalLM": Case("step35"),
    "Step3p7ForConditionalGeneration": Case("step35"),
    "MiMoV2FlashForCausalLM": Case("mimo2"),
    "MiMoV2ForCausalLM": Case("mimo2"),
    "Cohere2MoeForCausalLM": Case("cohere2moe"),
    "Glm4vForConditionalGeneration": Case("glm4v", sees="glmsees"),
    "GlmOcrForConditionalGeneration": Case("glmocr", sees="glmocrsees"),
    "Glm4vMoeForConditionalGeneration": Case("glm4vmoe", sees="glmsees"),
    "SolarOpenForCausalLM": Case("solaropen"),
    "BailingMoeForCausalLM": Case("bailing"),
    "MiniMaxM3SparseForConditionalGeneration": Case("minimaxm3"),
    "MiniMaxM3SparseForCausalLM": Case("minimaxm3", renamed=_swapped("language_model.", "")),
    "HunYuanMoEV1ForCausalLM": Case("hunyuanmoe"),
    "Gemma4ForCausalLM": Case("gemma4", "gemma4"),
    "Gemma4ForConditionalGeneration": Case("gemma4moe", "gemma4", sees="gemma4sees"),
    "Gemma4UnifiedForConditionalGeneration": Case("gemma4moe", "gemma4", sees="gemma4unisees"),
    "FalconH1ForCausalLM": Case("falconh1"),
    "NemotronHForCausalLM": Case("nemotronhmoe"),
    "NemotronHPuzzleForCausalLM": Case("nemotronhpuzzle"),
    "JambaForCausalLM": Case("jamba", "pieces"),
    "KimiLinearForCausalLM": Case("kimilinear"),
    "KimiLinearModel": Case("kimilinear"),
    "Rwkv6ForCausalLM": Case("rwkv6", "rwkv"),
    "RWKV6Qwen2ForCausalLM": Case("rwkv6qwen2"),
    "Rwkv7ForCausalLM": Case("rwkv7", "rwkv"),
    "RWKV7ForCausalLM": Case("rwkv7", "rwkv"),
    "RwkvHybridForCausalLM": Case("arwkv7"),
    "PlamoForCausalLM": Case("plamo", "pieces"),
    "Plamo2ForCausalLM": Case("plamo2", "plamo"),
    "PLaMo2ForCausalLM": Case("plamo2", "plamo"),
    "Plamo3ForCausalLM": Case("plamo3", "plamo"),
    "PLaMo3ForCausalLM": Case("plamo3", "plamo"),
    "GraniteSWAForCausalLM": Case("graniteswa"),
    "GraniteMoeSWAForCausalLM": Case("granitemoeswa"),
    "Lfm2Model": Case("lfm2", renamed=_swapped("model.", "")),
    "Lfm2BidirectionalModel": Case("lfm2", renamed=_swapped("model.", "")),
    "Lfm2BidirectionalForMaskedLM": Case("lfm2", renamed=_swapped("model.", "lfm2.")),
    "Gemma3nForCausalLM": Case("gemma3n", "pieces"),
    "Gemma3nForConditionalGeneration": Case(
        "gemma3n",
        "pieces",
        _swapped("model.", "model.language_model."),
        {"max_position_embeddings": 1024},
        sees="gemma3nsees",
    ),
    "QWenLMHeadModel": Case("qwen", "qwen"),
    "MPTForCausalLM": Case("mpt"),
    "DbrxForCausalLM": Case("dbrx"),
    "JinaBertModel": Case("jinabert", "wordpiece"),
    "JinaBertForMaskedLM": Case("jinabert", "wordpiece"),
    "EuroBertModel": Case("eurobert"),
    "JinaEmbeddingsV5Model": Case("eurobert", renamed=_behind("model.")),
    "NeoBERT": Case("neobert", "wordpiece", _swapped("model.", "")),
    "NeoBERTLMHead": Case("neobert", "wordpiece"),
    "NeoBERTForSequenceClassification": Case("neobert", "wordpiece"),
    "LlamaBidirectionalModel": Case("llamaembed", "llama"),
    "OrionForCausalLM": Case("orion", "pieces"),
    "XverseForCausalLM": Case("xverse", "llama"),
    "CodeShellForCausalLM": Case("codeshell"),
    "GPTRefactForCausalLM": Case("refact"),
    "OpenELMForCausalLM": Case("openelm", "pieces"),
    "JAISLMHeadModel": Case("jais"),
    "Jais2ForCausalLM": Case("jais2"),
    "ArcticForCausalLM": Case("arctic", "pieces"),
    "GrokForCausalLM": Case("grok1", "pieces"),
    "Grok1ForCausalLM": Case("grok2"),
    "PanguEmbeddedForCausalLM": Case("pangu", "pieces"),
    "MaincoderForCausalLM": Case("maincoder"),
    "NanbeigeForCausalLM": Case("nanbeige", "pieces"),
    "TalkieForCausalLM": Case("talkie"),
    "ChameleonForConditionalGeneration": Case("chameleon"),
    "ChameleonForCausalLM": Case("chameleon"),
    "RuGPT3XLForCausalLM": Case("rugpt3"),
    "YoutuForCausalLM": Case("youtu"),
    "YoutuVLForConditionalGeneration": Case("youtu", sees="youtusees"),
    "DeepseekOCRForCausalLM": Case("deepseekocr"),
    "UnlimitedOCRForCausalLM": Case("deepseekocr"),
    "DeepseekOCR2ForCausalLM": Case("deepseekocr2"),
    "HunYuanVLForConditionalGeneration": Case("hunyuanvl"),
    "MiniCPMV4_6ForConditionalGeneration": Case(
        "minicpmv", tokens=("<image>", "</image>", "<slice>", "</slice>", "\n")
    ),
    "JanusForConditionalGeneration": Case("janus"),
}


def write_family(folder: Path, class_name: str) -> Path:
    """The tiny checkpoint of a class of CASES."""
    case = CASES[class_name]
    stored = _shapes()[case.shape]
    config = {**stored["config"], **case.config, "architectures": [class_name]}
    config = {key: value for key, value in config.items() if value is not None or key in stored["config"]}
    tensors = {}
    for folded, shape in stored["tensors"].items():
        for name in unfolded(folded):
            tensors[case.renamed(name)] = weights_of(name, "BF16", shape).reshape(shape)
    if case.sees:
        encoder = _shapes()[case.sees]
        config |= encoder["config"]
        names = ((name, shape) for folded, shape in encoder["tensors"].items() for name in unfolded(folded))
        tensors |= {name: weights_of(name, "BF16", shape).reshape(shape) for name, shape in names}
    write_model(folder, config, tensors)
    if case.vocabulary != "bpe":
        _WRITERS[case.vocabulary](folder)
    _add_tokens(folder / "tokenizer.json", case.tokens)
    if (normal := _PICTURES.get(case.sees or case.shape)) is not None:
        _write_json(folder / "preprocessor_config.json", normal)
    if embeds(class_name):
        _write_json(folder / "modules.json", [{"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}])
        (folder / "1_Pooling").mkdir()
        _write_json(folder / "1_Pooling" / "config.json", {"pooling_mode_mean_tokens": True})
    return folder


def embeds(class_name: str) -> bool:
    """The class makes vectors of texts."""
    return any(part in class_name for part in _EMBEDS)


def unfolded(name: str) -> Iterator[str]:
    """ "a.0-1.b" → "a.0.b", "a.1.b"."""
    found = _RANGE.search(name)
    if found is None:
        yield name
        return
    for number in range(int(found[1]), int(found[2]) + 1):
        yield from unfolded(f"{name[: found.start()]}{number}{name[found.end() :]}")


@cache
def _shapes() -> dict[str, Any]:
    shapes: dict[str, Any] = {}
    for path in sorted(Path(__file__).with_name("family_shapes").glob("*.json")):
        shapes |= json.loads(path.read_text(encoding="utf-8"))
    return shapes


def _write_llama(folder: Path) -> None:
    kept = (folder / "config.json").read_bytes(), (folder / "model.safetensors").read_bytes()
    write_tiny_llama(folder, layers=0)
    (folder / "config.json").write_bytes(kept[0])
    (folder / "model.safetensors").write_bytes(kept[1])
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    words = tokenizer["model"]["vocab"]
    tokenizer["model"]["vocab"] = {text: number for text, number in words.items() if number < ROWS}
    _write_json(path, tokenizer)


def _write_gemma4(folder: Path) -> None:
    """Llama's with a merge, which llama.cpp wants, and a token it always shows."""
    _write_llama(folder)
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    words = {text: number for text, number in tokenizer["model"]["vocab"].items() if number < ROWS - 2}
    tokenizer["model"] |= {"vocab": words | {"he": ROWS - 2, "<|channel>": ROWS - 1}, "merges": ["h e"]}
    tokenizer["added_tokens"].append({**tokenizer["added_tokens"][0], "id": ROWS - 1, "content": "<|channel>"})
    _write_json(path, tokenizer)


def _add_tokens(path: Path, tokens: tuple[str, ...]) -> None:
    if tokens:
        tokenizer = json.loads(path.read_text(encoding="utf-8"))
        first = 1 + max(token["id"] for token in tokenizer["added_tokens"])
        flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False) | {"special": True}
        tokenizer["added_tokens"] += [{"id": first + at, "content": text, **flags} for at, text in enumerate(tokens)]
        _write_json(path, tokenizer)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


_WRITERS: Mapping[str, Callable[[Path], None]] = {
    "llama": _write_llama,
    "gemma4": _write_gemma4,
    "pieces": write_pieces,
    "wordpiece": write_wordpiece,
    "unigram": write_unigram,
    "rwkv": write_rwkv,
    "plamo": write_plamo,
    "qwen": write_qwen,
}
