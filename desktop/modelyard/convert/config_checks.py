"""Configurations that transformers 4.57.6 refuses to read. The reference converter then takes config.json as it is,
without anything transformers would have added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Classes that call rope_config_validation; those of the second list do not take the older "type" for "rope_type".
_ROPE = (
    "llama qwen2 qwen2_moe qwen3 qwen3_moe qwen2_vl qwen2_5_vl qwen2_vl_text qwen2_5_vl_text phi olmoe starcoder2 "
    "gpt_neox stablelm smollm3 glm4_moe glm4v_text glm4v_moe_text deepseek_v2 deepseek_v3 gpt_oss apertus ernie4_5 "
    "ernie4_5_moe arcee seed_oss"
).split()
_ROPE_NEW_NAME = (
    "qwen3_next qwen3_vl_text qwen3_vl_moe_text gemma3_text gemma3n_text granite granitemoe granitemoeshared olmo3 "
    "cohere cohere2"
).split()
_ROPE_TWO_FIELDS = ("olmo", "olmo2", "chameleon")
_LAYER_TYPES = (
    "qwen2 qwen3 qwen3_next qwen2_vl qwen2_5_vl qwen2_vl_text qwen2_5_vl_text gemma2 gemma3_text gemma3n_text "
    "granitemoehybrid cohere2 smollm3 exaone4 gpt_oss llama4_text"
).split()

_REQUIRED: dict[str, tuple[str, ...]] = {
    "default": (),
    "linear": ("factor",),
    "dynamic": ("factor",),
    "yarn": ("factor",),
    "longrope": ("short_factor", "long_factor"),
    "llama3": ("factor", "original_max_position_embeddings", "low_freq_factor", "high_freq_factor"),
}


def refused(values: Mapping[str, Any], model_type: str, layers: Any) -> bool:
    """Whether the class of that model type raises on these values (its own keys, not those of nested ones). `layers`:
    its default for num_hidden_layers."""
    scaling = values.get("rope_scaling")
    if scaling is not None:
        if model_type in _ROPE and _incomplete(scaling, ("rope_type", "type")):
            return True
        if model_type in _ROPE_NEW_NAME and _incomplete(scaling, ("rope_type",)):
            return True
        if model_type in _ROPE_TWO_FIELDS and not _two_fields(scaling):
            return True
    types, layers = values.get("layer_types"), values.get("num_hidden_layers", layers)
    return model_type in _LAYER_TYPES and isinstance(types, list) and layers is not None and len(types) != layers


def _incomplete(scaling: Any, names: tuple[str, ...]) -> bool:
    """modeling_rope_utils.py: the kind has to be named, and what that kind needs. Kinds it does not know pass."""
    if not isinstance(scaling, dict):
        return True
    required = _REQUIRED.get(str(scaling.get("rope_type", scaling.get("type", "default"))))
    if required is None:
        return False
    return not any(name in scaling for name in names) or any(key not in scaling for key in required)


def _two_fields(scaling: Any) -> bool:
    """configuration_olmo2.py: exactly `type` and `factor`, a float above one."""
    if not isinstance(scaling, dict) or len(scaling) != 2 or scaling.get("type") not in ("linear", "dynamic"):
        return False
    factor = scaling.get("factor")
    return isinstance(factor, float) and factor > 1
