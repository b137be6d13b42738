"""bitsandbytes: NF4 and FP4 (blocks of a flat tensor, scales possibly quantized themselves) and int8 (a scale a row).

4 bits: value = type(code[nibble] × absmax), float32 product rounded to the type the file names, high nibble first;
nested absmax = nested_quant_map[u8] × nested_absmax[i // nested_blocksize] + nested_offset.
int8: float16(w × SCB × (1 / 127)). Both bit for bit what bitsandbytes' functional.py computes (dequantize_4bit,
int8_vectorwise_dequant).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...formats.checkpoint import RowReader
from ...formats.checkpoint_tensor import MAX_DIMENSIONS, StoredTensor
from ...formats.json_bounded import parse_object
from ..weights import from_float32, read_whole, to_float32
from .bits import per_byte
from .scheme import Unpacking, number_of

_STATE = ".quant_state.bitsandbytes__"
_DTYPES = {"float16": "F16", "bfloat16": "BF16", "float32": "F32"}


@dataclass(frozen=True)
class FourBit:
    """packed: any shape and type, its bytes hold two weights each. code: 16 values. absmax: one a block, float32 or,
    with `nested`, U8."""

    tensor: StoredTensor
    packed: StoredTensor
    code: StoredTensor
    absmax: StoredTensor
    block: int
    nested: Nested | None

    @property
    def sources(self) -> tuple[str, ...]:
        more = (self.nested.absmax.name, self.nested.code.name) if self.nested else ()
        return (self.packed.name, self.code.name, self.absmax.name, *more)

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[Any]:
        columns = self.tensor.columns
        # The flat range of these rows, widened to whole blocks; only the very last block may be shorter.
        first_block, last_block = start * columns // self.block, -(-stop * columns // self.block)
        first, last = first_block * self.block, min(last_block * self.block, self.tensor.elements)
        packed = reader.read(self.packed.name, 0, self.packed.rows).reshape(-1).view(np.uint8)
        code = to_float32(read_whole(reader, self.code), self.code.dtype)
        pairs = code[np.stack([np.arange(256) >> 4, np.arange(256) & 15], axis=1)]
        values = per_byte(packed[first // 2 : -(-last // 2)], pairs)[: last - first]
        scales = self._scales(reader, first_block, last_block)
        even = (last - first) // self.block
        blocks = values[: even * self.block].reshape(even, self.block)
        blocks *= scales[:even, None]
        values[even * self.block :] *= scales[-1:]
        flat = values[start * columns - first : stop * columns - first]
        return from_float32(flat.reshape(stop - start, columns), self.tensor.dtype)

    def _scales(self, reader: RowReader, first: int, last: int) -> NDArray[np.float32]:
        stored = read_whole(reader, self.absmax).reshape(-1)[first:last]
        if self.nested is None:
            return to_float32(stored, self.absmax.dtype)
        code = to_float32(read_whole(reader, self.nested.code), self.nested.code.dtype)
        absmax = to_float32(read_whole(reader, self.nested.absmax).reshape(-1), self.nested.absmax.dtype)
        scale = absmax[np.arange(first, last) // self.nested.block]
        scales: NDArray[np.float32] = code[stored] * scale + np.float32(self.nested.offset)
        return scales


@dataclass(frozen=True)
class Nested:
    """How the scales themselves are stored."""

    absmax: StoredTensor
    code: StoredTensor
    block: int
    offset: float


@dataclass(frozen=True)
class EightBit:
    """weight (outputs, inputs) I8, scale (outputs) F32."""

    weight: StoredTensor
    scale: StoredTensor

    @property
    def tensor(self) -> StoredTensor:
        return StoredTensor(self.weight.name, "F16", self.weight.shape, self.weight.shard)

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.weight.name, self.scale.name)

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[np.float16]:
        weight = reader.read(self.weight.name, start, stop).astype(np.float32)
        scale = to_float32(read_whole(reader, self.scale).reshape(-1)[start:stop], self.scale.dtype)
        return (weight * scale[:, None] * np.float32(1 / 127)).astype(np.float16)


def plan_bitsandbytes(plan: Unpacking) -> None:
    """Reads the small JSON beside each 4-bit weight. Raises PACKING_INVALID for tensors that do not fit together."""
    states = [name for name in plan.stored if _STATE in name]
    contents = plan.table.peek(states)
    for name in states:
        plan.add(_four_bit(plan, name.partition(_STATE)[0], parse_object(contents[name], name)))
        plan.consumed.add(name)
    for name in plan.stored:
        if name.endswith(".SCB"):
            base = name.removesuffix(".SCB")
            weight, scale = plan.need(base + ".weight"), plan.stored[name]
            if weight.dtype != "I8" or len(weight.shape) != 2 or scale.elements != weight.shape[0]:
                raise plan.invalid(weight.name, f"{weight.dtype} of shape {list(weight.shape)}")
            plan.add(EightBit(weight, scale))
            plan.consumed.add(base + ".weight_format")


def _four_bit(plan: Unpacking, name: str, state: dict[str, Any]) -> FourBit:
    packed, code, absmax = plan.need(name), plan.need(f"{name}.quant_map"), plan.need(f"{name}.absmax")
    shape, dtype, block = state.get("shape"), _DTYPES.get(str(state.get("dtype"))), number_of(state.get("blocksize"), 0)
    if not isinstance(shape, list) or not 0 < len(shape) <= MAX_DIMENSIONS or not all(type(n) is int for n in shape):
        raise plan.invalid(name, "no shape")
    elements = prod(shape)
    nested = _nested(plan, name, state, absmax)
    fits = dtype and block > 0 and block % 2 == 0 and min(shape) > 0 and code.elements == 16
    if (
        not fits
        or packed.nbytes * 2 not in (elements, elements + 1)
        or absmax.elements != -(-elements // max(1, block))
    ):
        raise plan.invalid(name, f"{packed.nbytes} bytes for {shape}, blocks of {block}")
    seen = StoredTensor(name, dtype or "F16", tuple(shape), packed.shard)
    return FourBit(seen, packed, code, absmax, block, nested)


def _nested(plan: Unpacking, name: str, state: dict[str, Any], absmax: StoredTensor) -> Nested | None:
    if f"{name}.nested_absmax" not in plan.stored:
        if absmax.dtype == "U8":
            raise plan.invalid(name, "scales of the scales are missing")
        return None
    outer, code = plan.stored[f"{name}.nested_absmax"], plan.need(f"{name}.nested_quant_map")
    block, offset = number_of(state.get("nested_blocksize"), 0), state.get("nested_offset")
    fits = block > 0 and absmax.dtype == "U8" and code.elements == 256 and isinstance(offset, float | int)
    if not fits or outer.elements != -(-absmax.elements // max(1, block)):
        raise plan.invalid(name, "scales of the scales do not fit")
    return Nested(outer, code, block, float(offset or 0))
