"""One tensor of a checkpoint as its header describes it, and the element types checkpoints use."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from .source import ByteSource

# Element types by their safetensors name: bytes each, and the numpy type rows are read in (little-endian). BF16 and the
# 8-bit floats have no numpy type; they travel as their bits.
_ELEMENTS: dict[str, tuple[int, str]] = {
    "F64": (8, "<f8"),
    "F32": (4, "<f4"),
    "F16": (2, "<f2"),
    "BF16": (2, "<u2"),
    "F8_E4M3": (1, "u1"),
    "F8_E5M2": (1, "u1"),
    "F8_E8M0": (1, "u1"),
    "I64": (8, "<i8"),
    "I32": (4, "<i4"),
    "I16": (2, "<i2"),
    "I8": (1, "i1"),
    "U64": (8, "<u8"),
    "U32": (4, "<u4"),
    "U16": (2, "<u2"),
    "U8": (1, "u1"),
    "BOOL": (1, "u1"),
}

MAX_DIMENSIONS = 8
"""More than any published weight has; GGUF itself ends at 4."""


def element_bytes(dtype: str) -> int | None:
    """Bytes of one element, None for an element type we do not know."""
    known = _ELEMENTS.get(dtype)
    return known[0] if known else None


def numpy_name(dtype: str) -> str:
    """The numpy type string rows of `dtype` are read in."""
    return _ELEMENTS[dtype][1]


@dataclass(frozen=True)
class StoredTensor:
    """A tensor as its header describes it. `shape` is row-major; `shard` the bare name of the file it lies in."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    shard: str

    @property
    def elements(self) -> int:
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.elements * _ELEMENTS[self.dtype][0]

    @property
    def columns(self) -> int:
        """Length of a row: the last dimension (1 for a scalar)."""
        return self.shape[-1] if self.shape else 1

    @property
    def rows(self) -> int:
        """Number of rows: the product of all dimensions but the last."""
        return prod(self.shape[:-1])


@dataclass(frozen=True)
class FileRange:
    """Bytes [offset, offset + size) of a local file: a whole shard, or one stored uncompressed in a zip."""

    path: Path
    offset: int
    size: int


class ShardData(Protocol):
    """An opened shard. Thread-safe; `read` as in convert.content.WeightReader."""

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]: ...

    def close(self) -> None: ...


class ShardHeader(Protocol):
    """What the header of one weight file says. `name` is its bare file name, `size` its length in bytes."""

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def tensors(self) -> tuple[StoredTensor, ...]: ...

    def offset_of(self, source: ByteSource, name: str) -> int:
        """Where the numbers of a tensor begin in the file `source` reads (contiguous tensors only)."""
        ...

    def open_data(self, where: FileRange) -> ShardData:
        """Map the weights. Raises FILE_MISSING, FILE_UNREADABLE, FILE_CHANGED."""
        ...
