"""Packed checkpoints seen as the weights they stand for, computed row block by row block while streaming.

Which packing it is says `quantization_config` of config.json (or the file the packing's own tool writes beside it); the
table of tensors is what llama.cpp's converter has after dequantisation (conversion/base.py, dequant_model), with the
packings it does not know added.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..formats.checkpoint import TensorTable, architecture_of, guessed_outtype
from ..formats.checkpoint_tensor import StoredTensor
from .kept import Factor, KeptWeight
from .unpack.awq import plan_awq
from .unpack.bitnet import plan_bitnet
from .unpack.bitsandbytes import plan_bitsandbytes
from .unpack.compressed import plan_compressed
from .unpack.fp4 import Fp4Tensor, Nvfp4Blocks
from .unpack.fp8 import plan_casts, plan_fp8, plan_modelopt
from .unpack.gptq import plan_gptq
from .unpack.method import packing_of, written
from .unpack.mlx import plan_mlx
from .unpack.scheme import Unpacking
from .weights import DerivedTable


def unpacked(table: TensorTable) -> TensorTable:
    """`table` itself if its weights are plain numbers, else a view of the weights they stand for.

    Reads headers and, for bitsandbytes and pack-quantized files, a few tiny tensors. `original` is decided before
    dequantisation as llama.cpp does, for packings it does not know (bitsandbytes, AWQ, MLX) after it.
    gpt-oss (MXFP4) is left as it is: its family moves the blocks into GGUF unchanged.
    Raises PACKING_UNKNOWN and PACKING_REARRANGED (with the base model, if known), PACKING_INVALID,
    CHECKPOINT_NO_ARCHITECTURE.
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
        case "fp8" | "fbgemm_fp8" | "mxfp8":
            plan_fp8(plan, config)
        case "compressed-tensors":
            plan_compressed(plan, config)
        case "modelopt":
            plan_modelopt(plan, config)
        case "bitnet":
            plan_bitnet(plan)
        case "mlx":
            plan_mlx(plan, config, architecture_of(table.config, table.name))
        case _:
            raise plan.unknown(written(method))
    plan_casts(plan)
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
