"""How the tensors of a model are named in an MLX folder: `sanitize` of each file in mlx_lm/models changes a checkpoint
before it is saved. For most families it only drops something, stacks the experts, or turns a convolution; those are
read here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import Code, ModelyardError
from ...formats.checkpoint_tensor import StoredTensor
from ..families import family_of
from .scheme import Unpacking

_AS_PUBLISHED = (
    *("LlamaForCausalLM", "MistralForCausalLM", "IQuestCoderForCausalLM", "SmolLM3ForCausalLM"),
    *("Qwen2ForCausalLM", "Qwen3ForCausalLM", "GemmaForCausalLM", "Gemma2ForCausalLM", "Gemma3ForCausalLM"),
    *("Gemma3ForConditionalGeneration", "Mistral3ForConditionalGeneration", "Ministral3ForCausalLM"),
    *("PhiForCausalLM", "Phi3ForCausalLM", "GraniteForCausalLM", "Olmo2ForCausalLM"),
    *("Olmo3ForCausalLM", "CohereForCausalLM", "Cohere2ForCausalLM", "Starcoder2ForCausalLM", "StableLmForCausalLM"),
    *("GlmForCausalLM", "Glm4ForCausalLM", "ExaoneForCausalLM", "Exaone4ForCausalLM", "InternLM2ForCausalLM"),
    *("InternLM3ForCausalLM", "NemotronForCausalLM", "SeedOssForCausalLM", "HunYuanDenseV1ForCausalLM"),
    *("Ernie4_5_ForCausalLM", "Ernie4_5ForCausalLM"),
    *("Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration", "Qwen3VLForConditionalGeneration"),
    *("Qwen3_5ForCausalLM", "Qwen3_5ForConditionalGeneration", "Lfm2ForCausalLM", "LFM2ForCausalLM"),
    *("GptOssForCausalLM", "Gemma3nForCausalLM", "Gemma3nForConditionalGeneration"),
    *("Gemma4ForCausalLM", "Gemma4ForConditionalGeneration"),
)
_GATED = {"gate_proj": "gate_proj", "up_proj": "up_proj", "down_proj": "down_proj"}
_NUMBERED = {"gate_proj": "w1", "down_proj": "w2", "up_proj": "w3"}
# class: (the stack's path in MLX, the experts' path as published, the matrices' names)
_STACKED = {
    "Qwen2MoeForCausalLM": ("mlp.switch_mlp", "mlp.experts", _GATED),
    "Qwen3MoeForCausalLM": ("mlp.switch_mlp", "mlp.experts", _GATED),
    "OlmoeForCausalLM": ("mlp.switch_mlp", "mlp.experts", _GATED),
    "DeepseekForCausalLM": ("mlp.switch_mlp", "mlp.experts", _GATED),
    "Glm4MoeForCausalLM": ("mlp.switch_mlp", "mlp.experts", _GATED),
    "Dots1ForCausalLM": ("mlp.experts", "mlp.experts", _GATED),
    "Qwen3NextForCausalLM": ("mlp.switch_mlp", "mlp.experts", _GATED),
    "Qwen3VLMoeForConditionalGeneration": ("mlp.switch_mlp", "mlp.experts", _GATED),
    "Qwen3_5MoeForCausalLM": ("mlp.switch_mlp", "mlp.experts", _GATED),
    "Qwen3_5MoeForConditionalGeneration": ("mlp.switch_mlp", "mlp.experts", _GATED),
    "DeepseekV2ForCausalLM": ("mlp.switch_mlp", "mlp.experts", _GATED),
    "DeepseekV3ForCausalLM": ("mlp.switch_mlp", "mlp.experts", _GATED),
    "Glm4MoeLiteForCausalLM": ("mlp.switch_mlp", "mlp.experts", _GATED),
    "MiniMaxM2ForCausalLM": ("block_sparse_moe.switch_mlp", "block_sparse_moe.experts", _NUMBERED),
    "Lfm2MoeForCausalLM": ("feed_forward.switch_mlp", "feed_forward.experts", _NUMBERED),
    "MixtralForCausalLM": ("block_sparse_moe.switch_mlp", "block_sparse_moe.experts", _NUMBERED),
    "PhiMoEForCausalLM": ("block_sparse_moe.switch_mlp", "block_sparse_moe.experts", _NUMBERED),
}
_HALVES = ("self_attn", {"embed_q": "k_b_proj", "unembed_out": "v_b_proj"})  # kv_b, split as llama.cpp wants it
_RENAMED = {
    "Lfm2MoeForCausalLM": ("feed_forward", _NUMBERED),  # in its first layers, which have no experts
    "DeepseekV2ForCausalLM": _HALVES,
    "DeepseekV3ForCausalLM": _HALVES,
    "Glm4MoeLiteForCausalLM": _HALVES,
}
_NORMS_PLUS_ONE = (
    *("Qwen3NextForCausalLM", "Qwen3_5ForCausalLM", "Qwen3_5MoeForCausalLM"),
    *("Qwen3_5ForConditionalGeneration", "Qwen3_5MoeForConditionalGeneration"),
)
_NORMS = (
    *(".input_layernorm.weight", ".post_attention_layernorm.weight", "model.norm.weight"),
    *(".q_norm.weight", ".k_norm.weight"),
)
_AHEAD_KEYS = ("num_nextn_predict_layers", "mtp_num_hidden_layers")  # these layers are dropped
JOINED = ".experts.switch_glu."
"""Where Gemma 4's gate and up matrices lie, which are published as one."""
_ENCODERS = (
    *("vision_tower.", "multi_modal_projector.", "vision_model.", "visual.", "vision_embedder."),
    *("audio_tower.", "embed_audio.", "embed_vision."),
)


def names_in(plan: Unpacking, architecture: str) -> Mapping[str, str]:
    """MLX's end of a stack's name → the end of an expert's, "{}" for its number; other names that differ alike.

    Raises FAMILY_UNKNOWN, PACKING_REARRANGED for a family whose tensors are changed in another way, or may be.
    """
    if architecture in _AS_PUBLISHED:
        return {f"{JOINED}down_proj.weight": ".experts.down_proj"} if architecture.startswith("Gemma4") else {}
    if architecture not in _STACKED:
        family_of(architecture)  # what nobody here knows is told as that
        base = plan.table.base_model
        raise ModelyardError(
            Code.PACKING_REARRANGED, name=plan.table.name, method="MLX", architecture=architecture, base_model=base
        )
    stack, experts, matrices = _STACKED[architecture]
    names = {f".{stack}.{kind}.weight": f".{experts}.{{}}.{own}.weight" for kind, own in matrices.items()}
    if architecture in _RENAMED:
        path, matrices = _RENAMED[architecture]
        names |= {f".{path}.{kind}.weight": f".{path}.{own}.weight" for kind, own in matrices.items()}
    return names


def own_name(names: Mapping[str, str], name: str) -> str | None:
    """The published name of `name`, for a stack that of one expert with "{}" for its number; None if it is the same."""
    for end, own in names.items():
        if name.endswith(end):
            return name.removesuffix(end).replace("{", "{{").replace("}", "}}") + own
    return None


def dropped(name: str) -> bool:
    """Whether the tensor belongs to an encoder for pictures or sound."""
    return name.removeprefix("model.").startswith(_ENCODERS)


def turned(tensor: StoredTensor) -> bool:
    """A convolution over time, (channels, steps, 1) in place of (channels, 1, steps): the same numbers in order."""
    return tensor.name.endswith(("conv1d.weight", "conv.conv.weight")) and _is_turned(tensor.shape)


def _is_turned(shape: tuple[int, ...]) -> bool:
    return len(shape) == 3 and shape[2] == 1 and shape[1] > 1


def norms_plus_one(plan: Unpacking, architecture: str) -> tuple[str, ...]:
    """Ends of the names of norms that are stored one too large: with convolutions already turned they are."""
    done = any(turned(tensor) for tensor in plan.stored.values())
    return _NORMS if architecture in _NORMS_PLUS_ONE and done else ()


def kept_in_blocks(architecture: str) -> tuple[str, ...]:
    """Ends of the names of MXFP4 weights that the family moves into the GGUF as they are."""
    if architecture != "GptOssForCausalLM":
        return ()
    return tuple(f".mlp.experts.{kind}.weight" for kind in _GATED)


def config_left(config: Mapping[str, Any]) -> dict[str, Any]:
    """config.json as it fits what is left: no layers that predict further tokens."""
    kept = dict(config) | {key: 0 for key in _AHEAD_KEYS if key in config}
    text = kept.get("text_config")
    if isinstance(text, dict):
        kept["text_config"] = text | {key: 0 for key in _AHEAD_KEYS if key in text}
    return kept
