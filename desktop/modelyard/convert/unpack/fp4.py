"""Four-bit floats (E2M1) with block scales: NVFP4 (blocks of 16, FP8 scales, one factor for the tensor) and MXFP4
(blocks of 32, powers of two). Unpacked to numbers, or moved into ggml's own blocks without loss.

ggml blocks: block_mxfp4 and block_nvfp4 (ggml/src/ggml-common.h); moving as conversion/base.py, repack_mxfp4_blocks and
_nvfp4_pack, and conversion/gpt_oss.py, transform_nibble_layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...formats.checkpoint import RowReader
from ...formats.checkpoint_tensor import StoredTensor
from ..weights import read_whole, to_float32
from .bits import per_byte, scale_groups
from .scheme import Unpacking

_E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], dtype=np.float32)
_PAIRS = _E2M1[np.stack([np.arange(256) & 15, np.arange(256) >> 4], axis=1)]  # low nibble first


@dataclass(frozen=True)
class Fp4Tensor:
    """packed (…, columns / 2) U8, scale (…, columns / block). factor: one float32 for the whole tensor, or None;
    divide: it divides."""

    tensor: StoredTensor
    packed: StoredTensor
    scale: StoredTensor
    factor: StoredTensor | None
    divide: bool
    block: int

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.packed.name, self.scale.name, *((self.factor.name,) if self.factor else ()))

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[np.float32]:
        codes = per_byte(reader.read(self.packed.name, start, stop), _PAIRS)
        dtype = "F8_E8M0" if self.block == 32 else self.scale.dtype
        scale = to_float32(reader.read(self.scale.name, start, stop), dtype)
        if self.factor is not None:
            factor = to_float32(read_whole(reader, self.factor), self.factor.dtype).reshape(())
            scale = scale * (np.float32(1) / factor if self.divide else factor)
        return scale_groups(codes, None, scale, None)


def plan_nvfp4(plan: Unpacking, name: str, packed: str, scale: str, factor: str, *, divide: bool) -> None:
    """Raises PACKING_INVALID."""
    _plan(plan, name, packed, scale, plan.stored.get(factor), divide=divide, block=16)


def plan_mxfp4_packed(plan: Unpacking, name: str, packed: str, scale: str) -> None:
    """Raises PACKING_INVALID."""
    _plan(plan, name, packed, scale, None, divide=False, block=32)


def _plan(
    plan: Unpacking,
    name: str,
    packed_name: str,
    scale_name: str,
    factor: StoredTensor | None,
    *,
    divide: bool,
    block: int,
) -> None:
    packed, scale = plan.need(packed_name), plan.need(scale_name)
    columns = packed.columns * 2
    fits = packed.dtype in ("U8", "I8") and len(packed.shape) > 1 and (factor is None or factor.elements == 1)
    if not fits or columns % block or scale.shape != (*packed.shape[:-1], columns // block):
        raise plan.invalid(name, f"scales {list(scale.shape)} for {list(packed.shape)}")
    seen = StoredTensor(name, "F32", (*packed.shape[:-1], columns), packed.shard)
    plan.add(Fp4Tensor(seen, packed, scale, factor, divide, block))


# --- into ggml's blocks, bits moved only ----------------------------------------------------------------------
def mxfp4_blocks(packed: NDArray[Any], scale: NDArray[Any]) -> NDArray[np.uint8]:
    """Rows of ggml MXFP4 from rows of packed codes (low nibble first) and their E8M0 scales.

    packed: uint8 (rows, columns / 2); scale: uint8 (rows, columns / 32). Returns uint8 (rows, columns / 32 × 17).
    Serves gpt-oss too: its `_blocks` (…, columns / 32, 16) lie the same way once the last two dimensions are one.
    """
    rows, groups = scale.shape
    halves = packed.view(np.uint8).reshape(rows, groups, 2, 8)
    # In the file byte i of a block holds elements 2i, 2i + 1; in ggml byte j holds elements j and j + 16.
    elements = np.stack([halves & np.uint8(15), halves >> np.uint8(4)], axis=-1).reshape(rows, groups, 2, 16)
    blocks = np.empty((rows, groups, 17), dtype=np.uint8)
    blocks[:, :, 0] = scale.view(np.uint8)
    blocks[:, :, 1:] = elements[:, :, 0] | elements[:, :, 1] << np.uint8(4)
    return blocks.reshape(rows, groups * 17)


def nvfp4_blocks(packed: NDArray[Any], scale: NDArray[Any]) -> NDArray[np.uint8]:
    """Rows of ggml NVFP4 (super-blocks of 64: four scales without sign bit, 32 bytes of codes) from rows of packed
    codes (low nibble first) and their E4M3 scales. The tensor's factor is not part of it.

    packed: uint8 (rows, columns / 2); scale: uint8 (rows, columns / 16), columns a multiple of 64.
    Returns uint8 (rows, columns / 64 × 36).
    """
    rows, groups = scale.shape
    halves = packed.view(np.uint8).reshape(rows, groups, 2, 4)
    elements = np.stack([halves & np.uint8(15), halves >> np.uint8(4)], axis=-1).reshape(rows, groups, 2, 8)
    blocks = np.empty((rows, groups // 4, 36), dtype=np.uint8)
    blocks[:, :, :4] = (scale.view(np.uint8) & np.uint8(0x7F)).reshape(rows, groups // 4, 4)
    codes = elements[:, :, 0] | elements[:, :, 1] << np.uint8(4)
    blocks[:, :, 4:] = codes.reshape(rows, groups // 4, 32)
    return blocks.reshape(rows, groups // 4 * 36)
