"""compressed-tensors (vLLM's llm-compressor): int, float and naive scales, integers packed into words (pack-quantized),
NVFP4 and MXFP4. The form is read off the tensors, so several groups in one file are no matter.

Packed integers: value = (field − zero) × scale of its group; without zero point the middle, 2^(bits − 1), is taken off
(conversion/base.py, dequant_packed).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...formats.checkpoint import RowReader
from ...formats.checkpoint_tensor import StoredTensor
from ..weights import read_whole, to_float32
from .bits import aligned, integers_of, scale_groups, unpack_fields
from .fp4 import plan_mxfp4_packed, plan_nvfp4
from .scaled import add_scaled
from .scheme import Unpacking, number_of


@dataclass(frozen=True)
class PackedTensor:
    """packed (rows, words) I32, scale (rows, groups), zero_point (rows packed into words, groups), g_idx (columns)."""

    tensor: StoredTensor
    packed: StoredTensor
    scale: StoredTensor
    zero_point: StoredTensor | None
    g_idx: StoredTensor | None
    bits: int

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.packed.name, self.scale.name, *(each.name for each in (self.zero_point, self.g_idx) if each))

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[np.float32]:
        columns = self.tensor.columns
        words = reader.read(self.packed.name, start, stop)
        fields = integers_of(words, self.bits) if 8 % self.bits == 0 else unpack_fields(words, self.bits).astype("f4")
        scale = to_float32(reader.read(self.scale.name, start, stop), self.scale.dtype)
        group = read_whole(reader, self.g_idx) if self.g_idx is not None else None
        return scale_groups(fields[:, :columns], self._zeros(reader, start, stop), scale, group)

    def _zeros(self, reader: RowReader, start: int, stop: int) -> NDArray[np.float32] | np.float32:
        if self.zero_point is None:
            return np.float32(1 << (self.bits - 1))
        per_word = 32 // self.bits
        first, last = aligned(start, stop, per_word, self.zero_point.shape[0] * per_word)
        words = read_whole(reader, self.zero_point)[first // per_word : -(-last // per_word)]
        return unpack_fields(words.T, self.bits).T[start - first : stop - first].astype(np.float32)


def plan_compressed(plan: Unpacking, config: Mapping[str, Any]) -> None:
    """Raises PACKING_UNKNOWN (sparse weights), PACKING_INVALID."""
    if any(name.endswith(".bitmask") for name in plan.stored):
        raise plan.unknown("compressed-tensors sparse-bitmask")
    weights = _weight_groups(config)
    blocks = (each.get("block_structure") or () for each in weights)
    block: Sequence[int] = next((each for each in blocks if _is_block(each)), ())
    bits = {number_of(each.get("num_bits"), 4) for each in weights}
    for name in plan.stored:
        if name.endswith(".weight_packed"):
            _plan_packed(plan, name.removesuffix("_packed"), bits)
        elif name.endswith("_scale") and name.removesuffix("_scale") in plan.stored and name.endswith("weight_scale"):
            weight = name.removesuffix("_scale")
            scale_is_grid = len(plan.stored[name].shape) == len(plan.stored[weight].shape) > 1
            add_scaled(plan, weight, name, block if scale_is_grid else (), f"{weight}_zero_point")


def _plan_packed(plan: Unpacking, weight: str, bits: set[int]) -> None:
    packed = plan.stored[f"{weight}_packed"]
    plan.consumed.update(name for name in plan.stored if name.startswith(f"{weight}_"))
    if packed.dtype == "I32":
        plan.add(_packed_tensor(plan, weight, packed, bits))
    elif f"{weight}_global_scale" in plan.stored:
        plan_nvfp4(plan, weight, packed.name, f"{weight}_scale", f"{weight}_global_scale", divide=True)
    else:
        plan_mxfp4_packed(plan, weight, packed.name, f"{weight}_scale")


def _packed_tensor(plan: Unpacking, weight: str, packed: StoredTensor, possible: set[int]) -> PackedTensor:
    scale = plan.need(f"{weight}_scale")
    zero, g_idx = plan.stored.get(f"{weight}_zero_point"), plan.stored.get(f"{weight}_g_idx")
    if len(packed.shape) != 2 or len(scale.shape) != 2 or scale.shape[0] != packed.shape[0] or not scale.shape[1]:
        raise plan.invalid(weight, f"scales {list(scale.shape)} for {list(packed.shape)}")
    shape = _true_shape(plan, weight)
    for bits in sorted(possible):
        per_word = 32 // bits if 0 < bits <= 8 else 0
        if not per_word or -(-shape[1] // per_word) != packed.shape[1] or shape[0] != packed.shape[0]:
            continue
        if zero is not None and zero.shape != (-(-shape[0] // per_word), scale.shape[1]):
            break
        if shape[1] % scale.shape[1] or (g_idx is not None and g_idx.elements != shape[1]):
            break
        return PackedTensor(StoredTensor(weight, "F32", shape, packed.shard), packed, scale, zero, g_idx, bits)
    raise plan.invalid(weight, f"{list(packed.shape)} words for {list(shape)}")


def _true_shape(plan: Unpacking, weight: str) -> tuple[int, int]:
    """The two numbers of `weight_shape`."""
    stored = plan.need(f"{weight}_shape")
    if stored.dtype not in ("I64", "I32") or stored.elements != 2:
        raise plan.invalid(stored.name, f"{stored.dtype} of shape {list(stored.shape)}")
    rows, columns = np.frombuffer(plan.table.peek([stored.name])[stored.name], f"<i{stored.nbytes // 2}").tolist()
    return int(rows), int(columns)


def _weight_groups(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    groups = config.get("config_groups")
    found = groups.values() if isinstance(groups, dict) else ()
    weights = [group.get("weights") for group in found if isinstance(group, dict)]
    return [each for each in weights if isinstance(each, dict)] or [{}]


def _is_block(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(n) is int and n > 0 for n in value)
