"""Packed checkpoints seen as the weights they stand for, computed row block by row block while streaming.

Which packing it is says `quantization_config` of config.json (or the file the packing's own tool writes beside it); the
table of tensors is what llama.cpp's converter has after dequantisation (conversion/base.py, dequant_model), with the
packings it does not know added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..formats.checkpoint import RowReader, TensorTable, architecture_of, guessed_outtype
from ..formats.checkpoint_tensor import StoredTensor
from .kept import Factor, KeptWeight
from .unpack.awq import plan_awq
from .unpack.bitnet import plan_bitnet
from .unpack.bitsandbytes import plan_bitsandbytes
from .unpack.compressed import plan_compressed
from .unpack.fp4 import Fp4Tensor, Nvfp4Blocks, plan_nvfp4
from .unpack.gptq import plan_gptq
from .unpack.method import packing_of
from .unpack.mlx import plan_mlx
from .unpack.scaled import add_scaled
from .unpack.scheme import Unpacking
from .weights import DerivedTable, read_float32


def unpacked(table: TensorTable) -> TensorTable:
    """`table` itself if its weights are plain numbers, else a view of the weights they stand for.

    Reads headers and, for bitsandbytes and pack-quantized files, a few tiny tensors. `original` is decided before
    dequantisation as llama.cpp does, for packings it does not know (bitsandbytes, AWQ) after it.
    gpt-oss (MXFP4) is left as it is: its family moves the blocks into GGUF unchanged.
    Raises PACKING_UNKNOWN (with the base model, if known), PACKING_INVALID.
    """
    method, config = packing_of(table)
    plan = Unpacking(table)
    match method:
        case "" | "mxfp4":
            pass
        case "bitsandbytes":
            plan_bitsandbytes(plan)
        case "gptq":
            plan_gptq(plan, config)
        case "awq":
            plan_awq(plan, config)
        case "fp8" | "fbgemm_fp8":
            _plan_fp8(plan, config)
        case "compressed-tensors":
            plan_compressed(plan, config)
        case "modelopt":
            _plan_modelopt(plan)
        case "bitnet":
            plan_bitnet(plan)
        case "mlx":
            plan_mlx(plan, config, architecture_of(table.config, table.name))
        case _:
            raise plan.unknown(method)
    for tensor in table.tensors.values():
        if tensor.dtype in ("F8_E4M3", "F8_E5M2") and tensor.name not in plan.consumed:
            plan.add(_Cast(tensor))
    if not plan.derived and not plan.consumed and plan.config is None:
        return table
    plan.drop_unused()
    original = guessed_outtype(plan.seen()) if method in ("bitsandbytes", "awq", "mlx") else table.original
    return UnpackedTable(plan, original)


class UnpackedTable(DerivedTable):
    """A checkpoint seen unpacked. `kept`: its NVFP4 weights that can stay in their blocks, in reading order."""

    def __init__(self, plan: Unpacking, original: str) -> None:
        below, derived, algorithms = plan.table, plan.derived, _nvfp4_algorithms(plan.table)
        packed = {each.packed.name: each for each in derived.values() if isinstance(each, Fp4Tensor)}
        whole = [packed[name] for name in below.tensors if name in packed and packed[name].movable]
        blocks = [Nvfp4Blocks(each) for each in whole]
        more = {each.tensor.name: each for each in blocks}
        super().__init__(below, plan.seen(), {**derived, **more}, original, plan.config)
        self.kept = {each.weights.tensor.name: _kept(each, below.tensors, algorithms) for each in blocks}


def _kept(blocks: Nvfp4Blocks, stored: Mapping[str, StoredTensor], algorithms: Mapping[str, str]) -> KeptWeight:
    weights = blocks.weights
    base = weights.tensor.name.removesuffix(".weight")
    scale = None if weights.factor is None else Factor(weights.factor, weights.divide)
    found = stored.get(f"{base}.input_global_scale" if weights.divide else f"{base}.input_scale")
    input_scale = None if found is None else Factor(found, weights.divide)
    module, algorithm = base, algorithms.get("", "")
    while module:
        if module in algorithms:
            algorithm = algorithms[module]
            break
        module = module.rpartition(".")[0]
    only = algorithm == "W4A16_NVFP4"
    return KeptWeight(blocks.tensor.name, weights.tensor.shape, scale, input_scale, only)


def _nvfp4_algorithms(table: TensorTable) -> dict[str, str]:
    """ModelOpt's way to quantize each module it names; "" for all others."""
    own = table.config.get("quantization_config")
    described = (table.files.json("hf_quant_config.json") or {}).get("quantization")
    found: dict[str, str] = {}
    for config in (own, described):
        if not isinstance(config, dict):
            continue
        found[""] = str(config.get("quant_algo") or found.get("", ""))
        layers = config.get("quantized_layers")
        for name, entry in layers.items() if isinstance(layers, dict) else ():
            if isinstance(entry, dict):
                found[name] = str(entry.get("quant_algo"))
    return found


def _plan_fp8(plan: Unpacking, config: Mapping[str, Any]) -> None:
    """DeepSeek (`weight_scale_inv`, blocks), Mistral (`qscale_weight`), AutoFP8 and FBGEMM (`weight_scale`)."""
    size = config.get("weight_block_size")
    block = size if isinstance(size, list) and all(type(n) is int and n > 0 for n in size) else ()
    for name in plan.stored:
        if name.endswith("_scale_inv"):
            add_scaled(plan, name.removesuffix("_scale_inv"), name, block)
        elif name.endswith(".qscale_weight"):
            add_scaled(plan, name.removesuffix("qscale_weight") + "weight", name, block)
        elif name.endswith(".weight_scale"):
            add_scaled(plan, name.removesuffix("_scale"), name)


def _plan_modelopt(plan: Unpacking) -> None:
    """NVIDIA ModelOpt: NVFP4 where the scale has a column for each block of 16, FP8 otherwise."""
    for name in plan.stored:
        if not name.endswith(".weight_scale"):
            continue
        weight = plan.stored.get(name.removesuffix("_scale"))
        if weight is None:
            plan.consumed.add(name)
        elif weight.dtype == "U8" and len(plan.stored[name].shape) > 1:
            plan_nvfp4(plan, weight.name, weight.name, name, f"{name}_2", divide=False)
        else:
            add_scaled(plan, weight.name, name)


@dataclass(frozen=True)
class _Cast:
    """8-bit floats without any scale."""

    stored: StoredTensor

    @property
    def tensor(self) -> StoredTensor:
        return StoredTensor(self.stored.name, "F32", self.stored.shape, self.stored.shard)

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.stored.name,)

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[np.float32]:
        return read_float32(reader, self.stored, start, stop)
