"""AWQ, form GEMM: 4-bit integers packed along the output dimension in the order 0 2 4 6 1 3 5 7, with scale and zero of
each group of inputs.

value[out, in] = (weight[in, out] − zero[g, out]) × scale[g, out], rounded to the scale's own type, as AutoAWQ's
dequantize_gemm (awq/utils/packing_utils.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...formats.checkpoint import RowReader
from ...formats.checkpoint_tensor import StoredTensor
from ..weights import from_float32, read_whole, to_float32
from .bits import aligned, field_table, per_byte, scale_groups
from .scheme import Unpacking, number_of

_STORED_AS_GEMM = ("gemm", "exllama", "exllamav2", "ipex")  # the others name what computes with it
_ORDER = [0, 4, 1, 5, 2, 6, 3, 7]  # which field of a word holds outputs 0 … 7


@dataclass(frozen=True)
class AwqTensor:
    """qweight (inputs, outputs / 8), qzeros (groups, outputs / 8), scales (groups, outputs)."""

    tensor: StoredTensor
    qweight: StoredTensor
    qzeros: StoredTensor
    scales: StoredTensor

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.qweight.name, self.qzeros.name, self.scales.name)

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[Any]:
        weight = self._unpacked(reader, self.qweight, start, stop)
        zeros = self._unpacked(reader, self.qzeros, start, stop)
        scales = to_float32(read_whole(reader, self.scales)[:, start:stop].T, self.scales.dtype)
        return from_float32(scale_groups(weight, zeros, scales, None), self.tensor.dtype)

    def _unpacked(self, reader: RowReader, words: StoredTensor, start: int, stop: int) -> NDArray[np.float32]:
        """Outputs [start, stop) as rows."""
        first, last = aligned(start, stop, 8, self.tensor.shape[0])
        fields = per_byte(read_whole(reader, words)[:, first // 8 : last // 8], field_table(4, np.uint8))
        ordered = fields.reshape(len(fields), -1, 8)[:, :, _ORDER].reshape(len(fields), -1)
        return ordered[:, start - first : stop - first].T.astype(np.float32, order="C")


def plan_awq(plan: Unpacking, config: Mapping[str, Any]) -> None:
    """Raises PACKING_UNKNOWN for another form than GEMM, PACKING_INVALID for tensors that do not fit together."""
    bits = number_of(config.get("bits", config.get("w_bit")), 4)
    told = [str(config[key]).lower() for key in ("version", "checkpoint_format", "format") if config.get(key)]
    form = next((form for form in told if form not in _STORED_AS_GEMM), "")
    words = {tensor.dtype for name, tensor in plan.stored.items() if name.endswith(".qweight")}
    if "I16" in words or config.get("backend") == "llm-awq":
        form = "llm-awq"
    if bits != 4 or form:
        raise plan.unknown(f"AWQ {form or 'gemm'} {bits} bit")
    for name in plan.stored:
        if name.endswith(".qweight"):
            plan.add(_tensor(plan, name.removesuffix(".qweight")))


def _tensor(plan: Unpacking, base: str) -> AwqTensor:
    qweight, qzeros, scales = (plan.need(base + suffix) for suffix in (".qweight", ".qzeros", ".scales"))
    if qweight.dtype != "I32" or qzeros.dtype != "I32" or not len(qweight.shape) == len(scales.shape) == 2:
        raise plan.invalid(qweight.name, f"{qweight.dtype} of shape {list(qweight.shape)}")
    inputs, words = qweight.shape
    groups = scales.shape[0]
    if scales.shape[1] != words * 8 or qzeros.shape != (groups, words) or groups < 1 or inputs % groups:
        raise plan.invalid(base, f"scales {list(scales.shape)}, zeros {list(qzeros.shape)}")
    seen = StoredTensor(f"{base}.weight", scales.dtype, (words * 8, inputs), qweight.shard)
    return AwqTensor(seen, qweight, qzeros, scales)
