"""gpt-oss's experts as numbers: the form its own program computes with, (experts, inputs, outputs)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import Code, ModelyardError
from ...formats.checkpoint import RowReader, TensorTable
from ...formats.checkpoint_tensor import StoredTensor
from ..weights import DerivedTable, to_float32
from .bits import per_byte, scale_groups
from .fp4 import FP4_PAIRS

_BLOCK = 32


@dataclass(frozen=True)
class ExpertBlocks:
    """blocks: U8 (experts, outputs, groups, 16); scales: U8 (experts, outputs, groups)
    (transformers/integrations/mxfp4.py, convert_moe_packed_tensors). A row of the tensor is a column of the blocks."""

    tensor: StoredTensor
    blocks: StoredTensor
    scales: StoredTensor

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.blocks.name, self.scales.name)

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[np.float32]:
        _, inputs, outputs = self.tensor.shape
        groups = inputs // _BLOCK
        out = np.empty((stop - start, outputs), np.float32)
        at = start
        while at < stop:
            expert, top = divmod(at, inputs)
            end = min(stop, (expert + 1) * inputs)
            low, high = top // _BLOCK, -(-(top + end - at) // _BLOCK)
            span = expert * outputs, (expert + 1) * outputs
            codes = reader.read(self.blocks.name, span[0] * groups, span[1] * groups)
            codes = codes.reshape(outputs, groups, _BLOCK // 2)[:, low:high].reshape(outputs, -1)
            scale = to_float32(reader.read(self.scales.name, *span)[:, low:high], "F8_E8M0")
            values = scale_groups(per_byte(np.ascontiguousarray(codes), FP4_PAIRS), None, scale, None)
            shift = top - low * _BLOCK
            out[at - start : end - start] = values[:, shift : shift + end - at].T
            at = end
        return out


def plain_experts(table: TensorTable, stems: Iterable[str]) -> DerivedTable:
    """`table` with `stem` in place of `stem`_blocks and `stem`_scales. Raises PACKING_INVALID."""
    made: dict[str, ExpertBlocks] = {}
    for stem in stems:
        blocks, scales = table.tensors[f"{stem}_blocks"], table.tensors.get(f"{stem}_scales")
        if scales is None or (*scales.shape, _BLOCK // 2) != blocks.shape or len(blocks.shape) != 4:
            raise ModelyardError(Code.PACKING_INVALID, name=table.name, tensor=stem, detail=str(list(blocks.shape)))
        experts, outputs, groups, _ = blocks.shape
        seen = StoredTensor(stem, "F32", (experts, groups * _BLOCK, outputs), blocks.shard)
        made[blocks.name] = ExpertBlocks(seen, blocks, scales)
    gone = {each.scales.name for each in made.values()}
    tensors = [made[name].tensor if name in made else each for name, each in table.tensors.items() if name not in gone]
    return DerivedTable(table, tensors, {each.tensor.name: each for each in made.values()}, table.original)
