"""How the tensors of a model are named in an MLX folder: `sanitize` of each file in mlx_lm/models changes a checkpoint
before it is saved. For most families it only drops something, or stacks the experts; those are read here."""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import Code, ModelyardError
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
    *("Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration"),
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
    "MixtralForCausalLM": ("block_sparse_moe.switch_mlp", "block_sparse_moe.experts", _NUMBERED),
    "PhiMoEForCausalLM": ("block_sparse_moe.switch_mlp", "block_sparse_moe.experts", _NUMBERED),
}
ENCODER_KEYS = ("vision_config", "audio_config")
_ENCODERS = (
    *("vision_tower.", "multi_modal_projector.", "vision_model.", "visual.", "audio_tower."),
    *("model.vision_tower.", "model.multi_modal_projector.", "model.visual.", "model.audio_tower."),
)


def names_in(plan: Unpacking, architecture: str) -> Mapping[str, str]:
    """MLX's end of a stack's name → the end of an expert's, "{}" for its number; empty for a model without experts.

    Raises PACKING_REARRANGED for a family whose tensors are changed in another way, or may be.
    """
    if architecture in _AS_PUBLISHED:
        return {}
    if architecture not in _STACKED:
        base = plan.table.base_model
        raise ModelyardError(
            Code.PACKING_REARRANGED, name=plan.table.name, method="MLX", architecture=architecture, base_model=base
        )
    stack, experts, matrices = _STACKED[architecture]
    return {f".{stack}.{kind}.weight": f".{experts}.{{}}.{own}.weight" for kind, own in matrices.items()}


def own_name(names: Mapping[str, str], name: str) -> str | None:
    """The name of one expert of the stack `name`, "{}" for its number; None if it is no stack."""
    for end, own in names.items():
        if name.endswith(end):
            return name.removesuffix(end).replace("{", "{{").replace("}", "}}") + own
    return None


def dropped(name: str) -> bool:
    """Whether the tensor belongs to an encoder for pictures or sound."""
    return name.startswith(_ENCODERS)
