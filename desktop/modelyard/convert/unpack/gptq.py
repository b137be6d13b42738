"""GPTQ: integers of 2, 3, 4 or 8 bits, packed along the input dimension, with scale and zero of each group of inputs.

value[out, in] = scale[g, out] × (weight[in, out] − zero[g, out]), g = g_idx[in] (act-order) or in // group size.
Version 1 stores zeros one too small (conversion/base.py, dequant_gptq; GPTQModel qlinear/__init__.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...formats.checkpoint import RowReader
from ...formats.checkpoint_tensor import StoredTensor
from ..weights import read_whole, to_float32
from .bits import aligned, integers_of, scale_groups, unpack_stream
from .scheme import Unpacking, number_of


@dataclass(frozen=True)
class GptqTensor:
    """qweight (inputs × bits / 32, outputs), qzeros (groups, outputs × bits / 32), scales (groups, outputs)."""

    tensor: StoredTensor
    qweight: StoredTensor
    qzeros: StoredTensor
    scales: StoredTensor
    g_idx: StoredTensor | None
    bits: int
    zero_offset: int

    @property
    def sources(self) -> tuple[str, ...]:
        extra = (self.g_idx.name,) if self.g_idx else ()
        return (self.qweight.name, self.qzeros.name, self.scales.name, *extra)

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[np.float32]:
        inputs = self.tensor.shape[1]
        weight = integers_of(np.ascontiguousarray(read_whole(reader, self.qweight)[:, start:stop].T), self.bits)
        first, last = aligned(start, stop, 32, self.tensor.shape[0])
        words = slice(first * self.bits // 32, -(-last * self.bits // 32))
        zeros = unpack_stream(read_whole(reader, self.qzeros)[:, words], self.bits)[:, start - first : stop - first].T
        scales = to_float32(read_whole(reader, self.scales)[:, start:stop].T, self.scales.dtype)
        floats = (zeros + self.zero_offset).astype(np.float32)
        return scale_groups(weight[:, :inputs], floats, scales, self._groups(reader, inputs))

    def _groups(self, reader: RowReader, inputs: int) -> NDArray[Any] | None:
        """The group of each input. Act-order files number them in g_idx; a negative number counts from the end."""
        groups = self.scales.shape[0]
        if self.g_idx is None:
            return None if inputs % groups == 0 else np.arange(inputs) // -(-inputs // groups)
        stored = read_whole(reader, self.g_idx)
        plain = inputs % groups == 0 and np.array_equal(stored, np.arange(inputs) // (inputs // groups))
        return None if plain else stored


def plan_gptq(plan: Unpacking, config: Mapping[str, Any]) -> None:
    """Raises PACKING_UNKNOWN (another form or number of bits), PACKING_INVALID (tensors that do not fit together)."""
    bits = number_of(config.get("bits"), 4)
    if bits not in (2, 3, 4, 8):
        raise plan.unknown(f"GPTQ {bits} bit")
    form = str(config.get("checkpoint_format", "gptq"))
    if form not in ("gptq", "gptq_v2") or config.get("is_marlin_format"):
        raise plan.unknown(f"GPTQ {form}")
    offset = 1 if form == "gptq" else 0
    for name in plan.stored:
        if name.endswith(".qweight"):
            plan.add(_tensor(plan, name.removesuffix(".qweight"), bits, offset))


def _tensor(plan: Unpacking, base: str, bits: int, offset: int) -> GptqTensor:
    qweight, qzeros, scales = (plan.need(base + suffix) for suffix in (".qweight", ".qzeros", ".scales"))
    g_idx = plan.stored.get(base + ".g_idx")
    if qweight.dtype != "I32" or qzeros.dtype != "I32" or not len(qweight.shape) == len(scales.shape) == 2:
        raise plan.invalid(qweight.name, f"{qweight.dtype} of shape {list(qweight.shape)}")
    inputs, outputs = qweight.shape[0] * 32 // bits, qweight.shape[1]
    groups = scales.shape[0]
    if g_idx is not None:
        inputs = min(inputs, g_idx.elements)
    fits = scales.shape[1] == outputs and qzeros.shape == (groups, -(-outputs * bits // 32)) and 0 < groups <= inputs
    if not fits or (bits == 3 and (qweight.shape[0] % 3 or outputs % 32)):
        raise plan.invalid(base, f"scales {list(scales.shape)}, zeros {list(qzeros.shape)} for {bits} bits")
    seen = StoredTensor(f"{base}.weight", "F32", (outputs, inputs), qweight.shard)
    return GptqTensor(seen, qweight, qzeros, scales, g_idx, bits, offset)
