"""How the weights of a checkpoint are packed, for a person to read: names as their makers write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..formats.checkpoint import TensorTable
from .unpack.method import packing_of
from .unpack.mlx_names import dropped

# Made smaller after training: the original has better weights. The others were trained so, or hardly lose.
_AFTER_TRAINING = ("bitsandbytes", "gptq", "awq", "compressed-tensors", "modelopt", "mlx")

_PLAIN = ("F32", "F16", "BF16", "F64")


def packed_as(table: TensorTable) -> tuple[str, bool]:
    """("GPTQ 4-bit", whether an unpacked original would be better); ("", False) for plain weights, also where a merged
    model's configuration still tells of a packing."""
    method, config = packing_of(table)
    if all(tensor.dtype in _PLAIN for tensor in table.tensors.values()):
        return "", False
    shown = _shown(method, config)[:40]
    return shown, bool(shown) and method in _AFTER_TRAINING


def encoder_left_out(table: TensorTable) -> str:
    """Whose form of an encoder (for pictures, for sound) cannot be converted while the text model can; "" if none."""
    method, _ = packing_of(table)
    return "MLX" if method == "mlx" and any(dropped(name) for name in table.tensors) else ""


def _shown(method: str, config: Mapping[str, Any]) -> str:
    match method:
        case "bitsandbytes":
            kind = "int8" if config.get("load_in_8bit") else str(config.get("bnb_4bit_quant_type") or "4-bit")
            return f"bitsandbytes {kind.upper() if kind.endswith('4') else kind}"
        case "gptq" | "awq":
            return f"{method.upper()} {config.get('bits', 4)}-bit"
        case "compressed-tensors":
            return f"compressed-tensors {config.get('format') or ''}".strip()
        case "mlx":
            mode = str(config.get("mode", "affine"))
            return "" if not config else f"MLX {config.get('bits')}-bit" if mode == "affine" else f"MLX {mode.upper()}"
        case "modelopt":
            return f"ModelOpt {config.get('quant_algo') or ''}".strip()
        case "fp8" | "fbgemm_fp8":
            return "FP8"
        case "bitnet":
            return "BitNet"
        case _:
            return method.upper()
