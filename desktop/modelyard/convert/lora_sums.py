"""What an add-on makes of one tensor of its base, computed in float32 row block by row block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..formats.checkpoint_tensor import StoredTensor
from .content import WeightReader
from .product import AddProduct
from .weights import read_float32, read_whole, to_float32


class Change(Protocol):
    """base: the tensor that is changed; brought: the add-on brought it. sources: the add-on's tensors it reads besides.
    Thread-safe."""

    @property
    def base(self) -> StoredTensor: ...

    @property
    def brought(self) -> bool: ...

    @property
    def sources(self) -> tuple[str, ...]: ...

    def rows(self, below: WeightReader, addon: WeightReader, start: int, stop: int) -> NDArray[np.float32]:
        """Rows [start, stop); `below` reads the base's tensors, `addon` the add-on's."""
        ...


@dataclass(frozen=True)
class Sum:
    """base + scale × B × A. down: A (rank, inputs), up: B (outputs, rank). swapped: the base stores (inputs, outputs),
    as GPT-2's Conv1D and embeddings do. add: what computes the sum. order: which row of B belongs to each row of a base
    whose rows were reordered. turned: A and B are stored transposed."""

    base: StoredTensor
    down: StoredTensor
    up: StoredTensor
    scale: float
    swapped: bool
    add: AddProduct
    brought: bool = False
    order: NDArray[np.intp] | None = None
    turned: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.down.name, self.up.name)

    def rows(self, below: WeightReader, addon: WeightReader, start: int, stop: int) -> NDArray[np.float32]:
        down, up = read_whole(addon, self.down), read_whole(addon, self.up)
        if self.turned:
            down, up = down.T, up.T
        if self.swapped:
            left = to_float32(down[:, start:stop].T, self.down.dtype)
            right = to_float32(up, self.up.dtype).T
        else:
            chosen = slice(start, stop) if self.order is None else self.order[start:stop]
            left = to_float32(up[chosen], self.up.dtype)
            right = to_float32(down, self.down.dtype)
        source = addon if self.brought else below
        rows = source.read(self.base.name, start, stop).reshape(stop - start, self.base.columns)
        return self.add(self.base.dtype, rows, scaled(left, self.scale), right)


@dataclass(frozen=True)
class BiasSum:
    """base + scale × the bias of B (lora_bias). order: as in Sum."""

    base: StoredTensor
    bias: StoredTensor
    scale: float
    brought: bool = False
    order: NDArray[np.intp] | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.bias.name,)

    def rows(self, below: WeightReader, addon: WeightReader, start: int, stop: int) -> NDArray[np.float32]:
        more = scaled(to_float32(read_whole(addon, self.bias), self.bias.dtype), self.scale)
        source = addon if self.brought else below
        return read_float32(source, self.base, start, stop) + (more if self.order is None else more[self.order])


@dataclass(frozen=True)
class TokenRows:
    """Some rows of an embedding (or of the output) are the add-on's (trainable_token_indices). new: (tokens, columns);
    at: the row of each."""

    base: StoredTensor
    new: StoredTensor
    at: NDArray[np.intp]
    brought: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.new.name,)

    def rows(self, below: WeightReader, addon: WeightReader, start: int, stop: int) -> NDArray[np.float32]:
        rows = np.array(read_float32(addon if self.brought else below, self.base, start, stop))
        here = np.flatnonzero((self.at >= start) & (self.at < stop))
        if len(here):
            rows[self.at[here] - start] = to_float32(read_whole(addon, self.new)[here], self.new.dtype)
        return rows


def scaled(values: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore"):  # what is no number is found when it is written
        return values * np.float32(scale)
