"""Four-bit floats (E2M1) with block scales: NVFP4 (blocks of 16, FP8 scales, one factor for the tensor) and MXFP4
(blocks of 32, powers of two), unpacked to numbers; NVFP4 also moved into ggml's own blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...formats.checkpoint import RowReader
from ...formats.checkpoint_tensor import StoredTensor
from ..weights import read_whole, to_float32
from .bits import per_byte, scale_groups
from .blocks import nvfp4_blocks
from .scheme import Unpacking

_E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], dtype=np.float32)
FP4_PAIRS = _E2M1[np.stack([np.arange(256) & 15, np.arange(256) >> 4], axis=1)]  # low nibble first
"""For bits.per_byte: the two numbers in each byte."""

_SCALES = {16: ("F8_E4M3", "BF16", "F16", "F32"), 32: ("U8", "F8_E8M0")}  # U8 with blocks of 16 is AutoRound's E5M3


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

    @property
    def movable(self) -> bool:
        """Whether the weights are whole blocks of ggml's NVFP4."""
        blocks = self.block == 16 and self.tensor.columns % 64 == 0 and self.scale.dtype == "F8_E4M3"
        return blocks and self.tensor.name.endswith(".weight")

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[np.float32]:
        codes = per_byte(reader.read(self.packed.name, start, stop), FP4_PAIRS)
        dtype = "F8_E8M0" if self.block == 32 else self.scale.dtype
        scale = to_float32(reader.read(self.scale.name, start, stop), dtype)
        if self.factor is not None:
            factor = to_float32(read_whole(reader, self.factor), self.factor.dtype).reshape(())
            scale = scale * (np.float32(1) / factor if self.divide else factor)
        return scale_groups(codes, None, scale, None)


@dataclass(frozen=True)
class Nvfp4Blocks:
    """The same weights as rows of ggml's NVFP4, uint8, without the tensor's factor."""

    weights: Fp4Tensor

    @property
    def tensor(self) -> StoredTensor:
        made = self.weights.tensor
        shape = (*made.shape[:-1], made.columns // 64 * 36)
        return StoredTensor(f"{made.name} in blocks", "U8", shape, made.shard)

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.weights.packed.name, self.weights.scale.name)

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[np.uint8]:
        packed = np.ascontiguousarray(reader.read(self.weights.packed.name, start, stop))
        return nvfp4_blocks(packed, np.ascontiguousarray(reader.read(self.weights.scale.name, start, stop)))


def plan_nvfp4(plan: Unpacking, name: str, packed: str, scale: str, factor: str, *, divide: bool) -> None:
    """Raises PACKING_UNKNOWN, PACKING_INVALID."""
    _plan(plan, name, packed, scale, plan.stored.get(factor), divide=divide, block=16)


def plan_mxfp4_packed(plan: Unpacking, name: str, packed: str, scale: str) -> None:
    """Raises PACKING_UNKNOWN, PACKING_INVALID."""
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
    if scale.dtype not in _SCALES[block]:
        raise plan.unknown(f"FP4, scales {scale.dtype}")
    columns = packed.columns * 2
    fits = packed.dtype in ("U8", "I8") and len(packed.shape) > 1 and (factor is None or factor.elements == 1)
    if not fits or columns % block or scale.shape != (*packed.shape[:-1], columns // block):
        raise plan.invalid(name, f"scales {list(scale.shape)} for {list(packed.shape)}")
    seen = StoredTensor(name, "F32", (*packed.shape[:-1], columns), packed.shard)
    plan.add(Fp4Tensor(seen, packed, scale, factor, divide, block))
