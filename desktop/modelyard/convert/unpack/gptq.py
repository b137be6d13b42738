"""GPTQ: integers of 2, 3, 4 or 8 bits, packed along the input dimension, with scale and zero of each group of inputs.

value[out, in] = scale[g, out] × (weight[in, out] − zero[g, out]), g = g_idx[in] (act-order) or in // group size.
Version 1 stores zeros one too small (conversion/base.py, dequant_gptq; GPTQModel qlinear/__init__.py).
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
from .bits import aligned, integers_of, read_groups, scale_groups, unpack_stream
from .scheme import Unpacking, number_of

_STREAMS = (5, 6, 7)  # AutoRound packs these as it does 3: fields run on across words


@dataclass(frozen=True)
class GptqTensor:
    """qweight (inputs × bits / 32, outputs), qzeros (groups, outputs × bits / 32), scales (groups, outputs)."""

    tensor: StoredTensor
    qweight: StoredTensor
    qzeros: StoredTensor
    scales: StoredTensor
    g_idx: StoredTensor | None
    bits: int
    group_size: int
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
        """The group of each input, None for groups of equal length in order. Act-order files number them in g_idx; a
        negative number counts from the end."""
        in_order = np.arange(inputs) // self.group_size
        groups = self.scales.shape[0]
        stored = in_order if self.g_idx is None else read_groups(reader, self.g_idx, groups)[:inputs]
        return None if inputs % self.group_size == 0 and np.array_equal(stored, in_order) else stored


def plan_gptq(plan: Unpacking, config: Mapping[str, Any]) -> None:
    """Each tensor says by its shapes how many bits it has: tools mix them.

    Raises PACKING_UNKNOWN (another form or number of bits), PACKING_INVALID (tensors that do not fit together).
    """
    told = [config[key] for key in ("checkpoint_format", "format") if isinstance(config.get(key), str)]
    other = next((form for form in told if form not in ("gptq", "gptq_v2")), "")
    if other or config.get("is_marlin_format"):
        raise plan.unknown(f"GPTQ {other or 'marlin'}")
    offset = 0 if "gptq_v2" in told else 1
    bits = number_of(config.get("bits"), 4)
    possible = (2, 3, 4, 8, *_STREAMS) if "autoround_version" in config else (2, 3, 4, 8)
    if bits not in possible:
        raise plan.unknown(f"GPTQ {bits} bit")
    for name in plan.stored:
        if name.endswith(".qweight"):
            group = number_of(config.get("group_size"), -1)
            plan.add(_tensor(plan, name.removesuffix(".qweight"), (bits, *possible), group, offset))


def _tensor(plan: Unpacking, base: str, possible: Sequence[int], group: int, offset: int) -> GptqTensor:
    qweight, qzeros, scales = (plan.need(base + suffix) for suffix in (".qweight", ".qzeros", ".scales"))
    g_idx = plan.stored.get(base + ".g_idx")
    if qweight.dtype in ("I8", "I16", "I64"):
        raise plan.unknown(f"GPTQ, {qweight.dtype}")
    if qweight.dtype != "I32" or qzeros.dtype != "I32" or not len(qweight.shape) == len(scales.shape) == 2:
        raise plan.invalid(qweight.name, f"{qweight.dtype} of shape {list(qweight.shape)}")
    outputs, groups = qweight.shape[1], scales.shape[0]
    bits = next((each for each in possible if qzeros.shape == (groups, -(-outputs * each // 32))), 0)
    if not bits:
        raise plan.invalid(base, f"zeros {list(qzeros.shape)}")
    inputs = qweight.shape[0] * 32 // bits
    if g_idx is not None:
        inputs = min(inputs, g_idx.elements)
    if group < 1 or -(-inputs // group) != groups:  # this tensor's own, or none was told
        group = inputs // groups if groups and inputs % groups == 0 else 0
    fits = scales.shape[1] == outputs and 0 < groups <= inputs and (group or g_idx)
    if not fits or (32 % bits and (qweight.shape[0] % bits or outputs % 32)):
        raise plan.invalid(base, f"scales {list(scales.shape)}, zeros {list(qzeros.shape)} for {bits} bits")
    seen = StoredTensor(f"{base}.weight", "F32", (outputs, inputs), qweight.shard)
    return GptqTensor(seen, qweight, qzeros, scales, g_idx, bits, group or 1, offset)
