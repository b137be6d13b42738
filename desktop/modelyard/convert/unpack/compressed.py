"""compressed-tensors (vLLM's llm-compressor): int, float and naive scales, integers packed into words (pack-quantized),
NVFP4, MXFP4 and MXFP8. The form is read off the tensors, so several groups in one file are no matter.

Packed integers: value = (field − zero) × scale of its group; without zero point the middle, 2^(bits − 1), is taken off
(conversion/base.py, dequant_packed). Fields of 3, 5, 6 and 7 bits leave the rest of a word unused in files of 2025 and
before; compressed-tensors 0.20 lets them run on across words. The number of words tells which.
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
from .bits import aligned, integers_of, read_groups, scale_groups, unpack_fields, unpack_stream
from .fp4 import plan_mxfp4_packed, plan_nvfp4
from .scaled import add_scaled
from .scheme import Unpacking, number_of

_OTHER_FORMS = ("marlin-24", "sparse-bitmask", "sparse-24-bitmask", "mxfp6-pack-quantized")


@dataclass(frozen=True)
class PackedTensor:
    """packed (rows, words) I32, scale (rows, groups) or one for all, zero_point (rows packed into words, groups), g_idx
    (columns)."""

    tensor: StoredTensor
    packed: StoredTensor
    scale: StoredTensor
    zero_point: StoredTensor | None
    g_idx: StoredTensor | None
    bits: int
    dense: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.packed.name, self.scale.name, *(each.name for each in (self.zero_point, self.g_idx) if each))

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[np.float32]:
        columns = self.tensor.columns
        words = reader.read(self.packed.name, start, stop)
        fields = integers_of(words, self.bits) if 8 % self.bits == 0 else self._fields(words).astype("f4")
        one = self.scale.elements == 1
        stored = read_whole(reader, self.scale) if one else reader.read(self.scale.name, start, stop)
        scale = to_float32(stored, self.scale.dtype).reshape(len(stored), -1)
        group = None if self.g_idx is None else read_groups(reader, self.g_idx, scale.shape[1])
        return scale_groups(fields[:, :columns], self._zeros(reader, start, stop), scale, group)

    def _zeros(self, reader: RowReader, start: int, stop: int) -> NDArray[np.float32] | np.float32:
        if self.zero_point is None:
            return np.float32(1 << (self.bits - 1))
        step, words = (32, self.bits) if self.dense else (32 // self.bits, 1)  # rows that fill whole words
        first, last = aligned(start, stop, step, -(-self.tensor.rows // step) * step)
        packed = read_whole(reader, self.zero_point)[first // step * words : -(-last // step) * words]
        return self._fields(packed.T).T[start - first : stop - first].astype(np.float32)

    def _fields(self, words: NDArray[Any]) -> NDArray[np.int32]:
        if not self.dense:
            return unpack_fields(words, self.bits)
        missing = -words.shape[-1] % self.bits
        return unpack_stream(np.pad(words, [(0, 0)] * (words.ndim - 1) + [(0, missing)]), self.bits)


def plan_compressed(plan: Unpacking, config: Mapping[str, Any]) -> None:
    """Raises PACKING_UNKNOWN (sparse weights and other forms not unpacked here), PACKING_INVALID."""
    other = _other_form(plan, config)
    if other:
        raise plan.unknown(f"compressed-tensors {other}")
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


def _other_form(plan: Unpacking, config: Mapping[str, Any]) -> str:
    """A form that cannot be unpacked; transforms are turned back while the model runs, which no GGUF does."""
    if config.get("transform_config"):
        return "transform_config"
    told = [config.get("format"), *(each.get("format") for each in _groups(config))]
    found = next((str(each) for each in told if each in _OTHER_FORMS), "")
    if found:
        return found
    if any(name.endswith(".bitmask") for name in plan.stored):
        sparse = config.get("sparsity_config")
        return str(sparse.get("format") if isinstance(sparse, dict) else "sparse-bitmask")
    return "marlin-24" if any(name.endswith(".scale_packed") for name in plan.stored) else ""


def _plan_packed(plan: Unpacking, weight: str, bits: set[int]) -> None:
    packed = plan.stored[f"{weight}_packed"]
    plan.consumed.update(name for name in plan.stored if name.startswith(f"{weight}_"))
    if len(packed.shape) != 2:
        raise plan.unknown(f"compressed-tensors, {len(packed.shape)} dimensions")
    if packed.dtype == "I32":
        plan.add(_packed_tensor(plan, weight, packed, bits))
    elif f"{weight}_global_scale" in plan.stored:
        plan_nvfp4(plan, weight, packed.name, f"{weight}_scale", f"{weight}_global_scale", divide=True)
    else:
        plan_mxfp4_packed(plan, weight, packed.name, f"{weight}_scale")


def _packed_tensor(plan: Unpacking, weight: str, packed: StoredTensor, possible: set[int]) -> PackedTensor:
    scale = plan.need(f"{weight}_scale")
    zero, g_idx = plan.stored.get(f"{weight}_zero_point"), plan.stored.get(f"{weight}_g_idx")
    shape, of_tensor = _true_shape(plan, weight), scale.elements == 1
    scales = (shape[0], 1) if of_tensor else scale.shape
    if len(packed.shape) != 2 or len(scales) != 2 or scales[0] != packed.shape[0] or not scales[1]:
        raise plan.invalid(weight, f"scales {list(scale.shape)} for {list(packed.shape)}")
    groups_fit = shape[1] % scales[1] == 0 and (g_idx is None or g_idx.elements == shape[1])
    for bits in sorted(each for each in possible if 0 < each <= 8):
        for dense in (False, True):
            across, along = _words(shape[1], bits, dense), _words(shape[0], bits, dense)
            if (shape[0], across) != packed.shape or not groups_fit:
                continue
            if zero is None or zero.shape == (along, scales[1]):
                seen = StoredTensor(weight, "F32", shape, packed.shard)
                return PackedTensor(seen, packed, scale, zero, g_idx, bits, dense)
    raise plan.invalid(weight, f"{list(packed.shape)} words for {list(shape)}")


def _words(fields: int, bits: int, dense: bool) -> int:
    """32-bit words that hold so many fields."""
    return -(-fields * bits // 32) if dense else -(-fields // (32 // bits))


def _true_shape(plan: Unpacking, weight: str) -> tuple[int, int]:
    """The two numbers of `weight_shape`."""
    stored = plan.need(f"{weight}_shape")
    if stored.dtype not in ("I64", "I32") or stored.elements != 2:
        raise plan.invalid(stored.name, f"{stored.dtype} of shape {list(stored.shape)}")
    rows, columns = np.frombuffer(plan.table.peek([stored.name])[stored.name], f"<i{stored.nbytes // 2}").tolist()
    return int(rows), int(columns)


def _groups(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    groups = config.get("config_groups")
    return [each for each in groups.values() if isinstance(each, dict)] if isinstance(groups, dict) else []


def _weight_groups(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    weights = [group.get("weights") for group in _groups(config)]
    return [each for each in weights if isinstance(each, dict)] or [{}]


def _is_block(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(n) is int and n > 0 for n in value)
