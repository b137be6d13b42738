"""8-bit floats with scales: DeepSeek, Mistral, FBGEMM and AutoFP8, NVIDIA ModelOpt, and those without any scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .fp4 import plan_mxfp4_packed, plan_nvfp4
from .mimo import is_mimo_qkv, plan_mimo_qkv
from .scaled import add_scaled
from .scheme import Unpacking
from .views import Cast

FLOATS = ("F8_E4M3", "F8_E5M2")
_NOT_HERE = ("W4A16_AWQ", "W4A8_AWQ", "INT4_AWQ", "W4A16", "FP8_PB_WO", "FP8_PB_REAL")


def plan_fp8(plan: Unpacking, config: Mapping[str, Any]) -> None:
    """DeepSeek (`weight_scale_inv`, blocks), Mistral (`qscale_weight`), AutoFP8 and FBGEMM (`weight_scale`).

    Raises PACKING_UNKNOWN (GPTQModel's, whose scales divide), PACKING_INVALID.
    """
    if "weight_scale_semantics" in config or "weight_scale_method" in config:
        raise plan.unknown("GPTQModel FP8")
    if any(name.endswith(".weight_zp") for name in plan.stored):
        raise plan.unknown("FP8, weight_zp")
    if config.get("store_dtype") == "mxfp4":  # MiMo: experts in MXFP4
        raise plan.unknown("FP8, store_dtype mxfp4")
    if any(name.endswith("_proj_scale") for name in plan.stored):  # of FBGEMM: shapes do not tell the direction
        raise plan.unknown("FBGEMM FP8, experts")
    size = config.get("weight_block_size")
    block = size if isinstance(size, list) and all(type(n) is int and n > 0 for n in size) else ()
    for name in plan.stored:
        if name.endswith("_scale_inv"):
            weight = name.removesuffix("_scale_inv")
            if is_mimo_qkv(weight, plan.table.config):
                plan_mimo_qkv(plan, weight, name)
            else:
                add_scaled(plan, weight, name, block)
        elif name.endswith(".qscale_weight"):
            add_scaled(plan, name.removesuffix("qscale_weight") + "weight", name, block)
        elif name.endswith(".weight_scale"):
            add_scaled(plan, name.removesuffix("_scale"), name)


def plan_modelopt(plan: Unpacking, config: Mapping[str, Any]) -> None:
    """NVIDIA ModelOpt: four-bit floats where the scale has a column for each block (MXFP4 if it is a power of two,
    else NVFP4), FP8 and int8 otherwise.

    Raises PACKING_UNKNOWN (AWQ, whose inputs are scaled too; four-bit integers; blocks of 128), PACKING_INVALID.
    """
    told = str(config.get("quant_algo") or "")
    scaled_inputs = any(name.endswith(".pre_quant_scale") for name in plan.stored)
    if scaled_inputs or told.upper() in _NOT_HERE:
        raise plan.unknown(f"ModelOpt {told or 'AWQ'}")
    for name in plan.stored:
        if not name.endswith(".weight_scale"):
            continue
        weight = plan.stored.get(name.removesuffix("_scale"))
        if weight is None:
            plan.consumed.add(name)
        elif weight.dtype == plan.stored[name].dtype == "U8":
            plan_mxfp4_packed(plan, weight.name, weight.name, name)
        elif weight.dtype == "U8" and len(plan.stored[name].shape) > 1:
            plan_nvfp4(plan, weight.name, weight.name, name, f"{name}_2", divide=False)
        else:
            add_scaled(plan, weight.name, name)


def plan_casts(plan: Unpacking) -> None:
    """All 8-bit floats nothing else has planned: numbers as they are."""
    for tensor in plan.stored.values():
        if tensor.dtype in FLOATS and tensor.name not in plan.consumed:
            plan.add(Cast(tensor))
