"""Tensors that are others, seen under another name, in another shape or type, or a little off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...formats.checkpoint import RowReader
from ...formats.checkpoint_tensor import StoredTensor
from ..weights import DerivedTensor, read_float32


@dataclass(frozen=True)
class Moved:
    """A tensor under another name or of another shape, or one expert of a stack: its numbers from row `first` on."""

    tensor: StoredTensor
    stored: StoredTensor
    first: int = 0

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.stored.name,)

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[Any]:
        columns, own = self.tensor.columns, self.stored.columns
        low = (start + self.first) * columns
        high = (stop + self.first) * columns
        return reader.read(self.stored.name, low // own, high // own).reshape(stop - start, columns)


@dataclass(frozen=True)
class Cast:
    """A tensor in float32."""

    stored: StoredTensor

    @property
    def tensor(self) -> StoredTensor:
        return StoredTensor(self.stored.name, "F32", self.stored.shape, self.stored.shard)

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.stored.name,)

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[np.float32]:
        return read_float32(reader, self.stored, start, stop)


class OneLess(Cast):
    """A norm stored one too large."""

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[np.float32]:
        return super().rows(reader, start, stop) - np.float32(1)


@dataclass(frozen=True)
class ByteBlocks:
    """The bytes of packed words as rows of 16: `tensor` (…, groups, 16) U8 of `stored` (…, groups × 4) U32."""

    tensor: StoredTensor
    stored: StoredTensor

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.stored.name,)

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[np.uint8]:
        groups = self.tensor.shape[-2]
        first, last = start // groups, -(-stop // groups)
        words = np.ascontiguousarray(reader.read(self.stored.name, first, last))
        return words.view(np.uint8).reshape(-1, 16)[start - first * groups : stop - first * groups]


@dataclass(frozen=True)
class Joined:
    """Two stacks of matrices as one: `tensor` (experts, rows of upper and lower, columns), expert by expert the upper
    matrix and then the lower one. Both stacks have the same shape."""

    tensor: StoredTensor
    upper: DerivedTensor
    lower: DerivedTensor

    @property
    def sources(self) -> tuple[str, ...]:
        return (*self.upper.sources, *self.lower.sources)

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[Any]:
        height = self.upper.tensor.shape[-2]
        pieces = []
        at = start
        while at < stop:
            expert, row = divmod(at, 2 * height)
            part = self.upper if row < height else self.lower
            first = expert * height + row % height
            count = min(stop - at, height - row % height)
            pieces.append(part.rows(reader, first, first + count))
            at += count
        return np.concatenate(pieces)
