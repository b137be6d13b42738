"""Weights stored as small numbers of their own (FP8, int8) with float scales: one for the tensor, a channel, a group of
columns or a block. FP8 of DeepSeek and Mistral, compressed-tensors int/float/naive, ModelOpt FP8.

value = float32(weight) × float32(scale), as conversion/base.py, dequant_simple.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from ...formats.checkpoint import RowReader
from ...formats.checkpoint_tensor import StoredTensor
from ..weights import read_float32, to_float32
from .scheme import Unpacking

_SCALES = ("F32", "F16", "BF16", "F64", "F8_E8M0", "F8_E4M3")


@dataclass(frozen=True)
class Scaled:
    """`lengths`: the scale's shape, brought to as many dimensions as the weight has. `spans`: for each dimension, how
    many of the weight's indices share one entry of the scale; 0 = all. A zero point has the scale's shape. scale_type:
    how the scale's elements are read."""

    weight: StoredTensor
    scale: StoredTensor
    lengths: tuple[int, ...]
    spans: tuple[int, ...]
    zero_point: StoredTensor | None
    scale_type: str

    @property
    def tensor(self) -> StoredTensor:
        return StoredTensor(self.weight.name, "F32", self.weight.shape, self.weight.shard)

    @property
    def sources(self) -> tuple[str, ...]:
        extra = (self.zero_point.name,) if self.zero_point else ()
        return (self.weight.name, self.scale.name, *extra)

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[np.float32]:
        values = read_float32(reader, self.weight, start, stop)
        if self.zero_point is not None:
            values = values - self._spread(reader, self.zero_point, self.zero_point.dtype, start, stop)
        return values * self._spread(reader, self.scale, self.scale_type, start, stop)

    def _spread(self, reader: RowReader, scale: StoredTensor, dtype: str, start: int, stop: int) -> NDArray[np.float32]:
        """The scale of each row: one column for the whole row, or one for each weight."""
        lead = np.unravel_index(np.arange(start, stop), self.weight.shape[:-1])
        at = np.zeros(stop - start, dtype=np.intp)
        for index, span, length in zip(lead, self.spans, self.lengths, strict=False):
            at = at * length + (index // span if span else 0)
        matrix = reader.read(scale.name, 0, scale.rows).reshape(prod(self.lengths[:-1]), self.lengths[-1])
        rows = to_float32(matrix[at], dtype)
        span = self.spans[-1]
        return rows if not span else np.repeat(rows, span, axis=1)[:, : self.weight.columns]


def add_scaled(
    plan: Unpacking, weight_name: str, scale_name: str, block: Sequence[int] = (), zero_name: str | None = None
) -> None:
    """Plan `weight_name` × `scale_name`. block: lengths of the scale's last dimensions' blocks.

    Raises PACKING_UNKNOWN for scales that are no numbers, PACKING_INVALID if one is missing or the shapes do not belong
    together.
    """
    weight, scale = plan.need(weight_name), plan.need(scale_name)
    powers = scale.dtype == "U8" and weight.dtype in ("F8_E4M3", "F8_E5M2")  # MXFP8: E8M0 by another name
    if not powers and scale.dtype not in _SCALES:
        raise plan.unknown(f"{weight.dtype}, scales {scale.dtype}")
    zero = plan.stored.get(zero_name) if zero_name else None
    fits = _fit(weight.shape, scale.shape, block)
    if fits is None or (zero is not None and zero.shape != scale.shape):
        raise plan.invalid(scale.name, f"shape {list(scale.shape)} for weights of {list(weight.shape)}")
    plan.add(Scaled(weight, scale, *fits, zero, "F8_E8M0" if powers else scale.dtype))


def _fit(
    weight: tuple[int, ...], scale: tuple[int, ...], block: Sequence[int]
) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """`lengths` and `spans` of a Scaled; None if the shapes do not belong together. Dimensions are matched from the
    left, as torch's unsqueeze(-1) of the reference does; blocks belong to the scale's last dimensions."""
    if prod(scale) == 1:
        scale = ()
    if len(weight) < 2 or len(scale) > len(weight) or 0 in (*weight, *scale) or (scale and len(block) > len(scale)):
        return None
    factors = [1] * (len(scale) - len(block)) + list(block)
    spans = []
    lengths = (*scale, *(1,) * (len(weight) - len(scale)))
    for at, (size, length) in enumerate(zip(weight, lengths, strict=True)):
        factor = factors[at] if at < len(scale) else 1
        if length == 1 and (factor == 1 or factor >= size):
            spans.append(0)
        elif factor == 1 and length != size:
            # Groups of columns whose length is not told.
            if at != len(weight) - 1 or size % length:
                return None
            spans.append(size // length)
        elif factor < 1 or length * factor < size:
            return None
        else:
            spans.append(factor)
    return lengths, tuple(spans)
