"""BitNet: weights −1, 0 and 1 in two bits, four rows in one: fields 0 … 3 of a byte belong to the four quarters of the
rows. value = (field − 1) / scale (conversion/base.py, dequant_bitnet; transformers integrations/bitnet.py)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...formats.checkpoint import RowReader
from ...formats.checkpoint_tensor import StoredTensor
from ..weights import read_whole, to_float32
from .scheme import Unpacking


@dataclass(frozen=True)
class BitnetTensor:
    """packed (rows / 4, columns) U8, scale with one element."""

    packed: StoredTensor
    scale: StoredTensor

    @property
    def tensor(self) -> StoredTensor:
        quarter, *rest = self.packed.shape
        return StoredTensor(self.packed.name, "F32", (quarter * 4, *rest), self.packed.shard)

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.packed.name, self.scale.name)

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[np.float32]:
        scale = to_float32(read_whole(reader, self.scale), self.scale.dtype).reshape(())
        quarter = self.packed.rows
        out = np.empty((stop - start, self.packed.columns), np.float32)
        at = start
        while at < stop:  # the piece of the range that lies in one quarter
            field, first = divmod(at, quarter)
            count = min(stop - at, quarter - first)
            codes = reader.read(self.packed.name, first, first + count).view(np.uint8) >> np.uint8(2 * field)
            out[at - start : at - start + count] = ((codes & np.uint8(3)).astype(np.float32) - 1) / scale
            at += count
        return out


def plan_bitnet(plan: Unpacking) -> None:
    """Raises PACKING_INVALID for tensors that do not fit together."""
    for name in plan.stored:
        if not name.endswith(".weight_scale"):
            continue
        packed, scale = plan.need(name.removesuffix("_scale")), plan.stored[name]
        if packed.dtype not in ("U8", "I8") or len(packed.shape) != 2 or scale.elements != 1:
            raise plan.invalid(packed.name, f"{packed.dtype} of shape {list(packed.shape)}")
        plan.add(BitnetTensor(packed, scale))
