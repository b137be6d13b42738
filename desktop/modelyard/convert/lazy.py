"""Tensors that exist only as a recipe for their rows.

A `Lazy` knows its shape and dtype from headers; its rows are read, moved and computed block by block when the writer
asks. All functions here return a new Lazy. A tensor is seen as a matrix: the product of all but the last dimension
× the last dimension; a vector is one row.

Moving keeps the stored dtype (F32, F16 or BF16), arithmetic follows the reference: BF16 becomes float32, F16 stays F16.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .content import RowBlock, RowFunction, WeightReader
from .unpack.blocks import nvfp4_groups
from .weights import to_float32

BLOCKS = "NVFP4"  # the dtype of a Lazy whose rows are ggml's NVFP4 blocks
MOVED = ("F32", "F16", "BF16")  # dtypes that pass through unchanged; all others are read as float32


class NotMovable(ValueError):
    """Blocks that stay as they are can only move row by row (and, within a row, in groups of 16)."""


@dataclass(frozen=True)
class Lazy:
    """shape: row-major. dtype: "F32", "F16", "BF16", BLOCKS, or "RAW" (finished bytes of a fixed type, one row a matrix
    row).
    sources: the checkpoint tensors behind it. whole: rows cost as much as the whole tensor."""

    shape: tuple[int, ...]
    dtype: str
    sources: tuple[str, ...]
    read: RowFunction
    whole: bool = False

    @property
    def rows(self) -> int:
        return math.prod(self.shape[:-1])

    @property
    def columns(self) -> int:
        return self.shape[-1] if self.shape else 1

    def need_numbers(self) -> None:
        """Raises NotMovable."""
        if self.dtype == BLOCKS:
            raise NotMovable(f"{self.sources[0]} is kept in blocks")

    def values(self, reader: WeightReader, start: int, stop: int) -> NDArray[Any]:
        return self.read(reader, start, stop).data


def stored(name: str, dtype: str, shape: Sequence[int]) -> Lazy:
    """A tensor of the checkpoint as it is. Integer, float64 and other dtypes are read as float32."""
    kept = dtype if dtype in MOVED else "F32"

    def read(reader: WeightReader, start: int, stop: int) -> RowBlock:
        data = reader.read(name, start, stop)
        return RowBlock(kept, data if dtype in MOVED else to_float32(data, dtype))

    return Lazy(tuple(shape), kept, (name,), read)


def constant(values: Sequence[float] | NDArray[Any]) -> Lazy:
    """float32 numbers known from the configuration."""
    array = np.asarray(values, dtype=np.float32)
    matrix = array.reshape(-1, array.shape[-1])
    return Lazy(array.shape, "F32", (), lambda _, start, stop: RowBlock("F32", matrix[start:stop]))


def zeros(shape: Sequence[int], dtype: str) -> Lazy:
    """Rows of nothing, in a stored dtype."""
    kind = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}[dtype]
    width = shape[-1]
    return Lazy(tuple(shape), dtype, (), lambda _, start, stop: RowBlock(dtype, np.zeros((stop - start, width), kind)))


def as_float32(block: RowBlock) -> NDArray[np.float32]:
    """The numbers of a block."""
    return to_float32(block.data, block.dtype)


def mapped(tensor: Lazy, function: Callable[[NDArray[np.float32]], NDArray[Any]]) -> Lazy:
    """Applies an elementwise function in float32; an F16 tensor is rounded back to F16, as torch does."""
    tensor.need_numbers()
    dtype = "F16" if tensor.dtype == "F16" else "F32"
    target = np.float16 if dtype == "F16" else np.float32

    def read(reader: WeightReader, start: int, stop: int) -> RowBlock:
        return RowBlock(dtype, function(as_float32(tensor.read(reader, start, stop))).astype(target, copy=False))

    return replace(tensor, dtype=dtype, read=read)


def plus_one(tensor: Lazy) -> Lazy:
    """Norm weights stored around zero (Gemma, Nemotron)."""
    return mapped(tensor, lambda values: values + np.float32(1))


def scaled(tensor: Lazy, factor: float) -> Lazy:
    number = np.float32(factor)
    return mapped(tensor, lambda values: values * number)


def reshaped(tensor: Lazy, shape: Sequence[int]) -> Lazy:
    """The same numbers in the same order under another shape."""
    target = tuple(shape)
    if math.prod(target) != math.prod(tensor.shape):
        raise ValueError(f"{tensor.shape} does not become {target}")
    width, old = target[-1], tensor.columns
    if width == old:
        return replace(tensor, shape=target)
    tensor.need_numbers()

    def read(reader: WeightReader, start: int, stop: int) -> RowBlock:
        first, last = start * width, stop * width
        top = first // old
        flat = tensor.values(reader, top, -(-last // old)).reshape(-1)
        return RowBlock(tensor.dtype, flat[first - top * old : last - top * old].reshape(stop - start, width))

    return replace(tensor, shape=target, read=read)


def squeezed(tensor: Lazy) -> Lazy:
    """Without dimensions of length one."""
    return reshaped(tensor, [n for n in tensor.shape if n != 1] or [1])


def gathered(tensor: Lazy, index: NDArray[np.int64], leading: Sequence[int] | None = None) -> Lazy:
    """Rows `index` of the matrix, in that order; of a vector its elements. `leading`: the result's dimensions before
    the last (default: one, the number of rows)."""
    if len(tensor.shape) == 1:
        return columns(tensor, index)

    def read(reader: WeightReader, start: int, stop: int) -> RowBlock:
        return RowBlock(tensor.dtype, _rows(tensor, reader, index[start:stop]))

    dims = tuple(leading) if leading is not None else (len(index),)
    return replace(tensor, shape=(*dims, tensor.columns), read=read)


def _rows(tensor: Lazy, reader: WeightReader, wanted: NDArray[np.int64]) -> NDArray[Any]:
    """Near rows in one read, far ones run by run."""
    if not len(wanted):
        return tensor.values(reader, 0, 0)
    low, high = int(wanted.min()), int(wanted.max()) + 1
    if high - low <= 4 * len(wanted):
        return tensor.values(reader, low, high)[wanted - low]
    breaks = np.flatnonzero(np.diff(wanted) != 1) + 1
    runs = np.split(wanted, breaks)
    return np.concatenate([tensor.values(reader, int(run[0]), int(run[-1]) + 1) for run in runs])


def sliced(tensor: Lazy, start: int, stop: int) -> Lazy:
    """Rows (of a vector: elements) start to stop of the first dimension."""
    if not 0 <= start < stop <= tensor.shape[0]:
        raise ValueError(f"{start}:{stop} of {tensor.shape}")
    if len(tensor.shape) == 1:
        return gathered(tensor, np.arange(start, stop))
    inner = math.prod(tensor.shape[1:-1])

    def read(reader: WeightReader, first: int, last: int) -> RowBlock:
        return tensor.read(reader, start * inner + first, start * inner + last)

    return replace(tensor, shape=(stop - start, *tensor.shape[1:]), read=read)


def columns(tensor: Lazy, index: NDArray[np.int64]) -> Lazy:
    """Columns `index` of every row, in that order."""
    groups = _whole_groups(tensor, index) if tensor.dtype == BLOCKS else None

    def read(reader: WeightReader, start: int, stop: int) -> RowBlock:
        values = tensor.values(reader, start, stop)
        return RowBlock(tensor.dtype, values[:, index] if groups is None else nvfp4_groups(values, groups))

    return replace(tensor, shape=(*tensor.shape[:-1], len(index)), read=read)


def _whole_groups(tensor: Lazy, index: NDArray[np.int64]) -> NDArray[np.int64]:
    """The groups of 16 columns that move together. Raises NotMovable."""
    groups = index.reshape(-1, 16) if len(index) % 64 == 0 else index[:0].reshape(0, 16)
    if not len(groups) or not np.array_equal(groups, groups[:, :1] // 16 * 16 + np.arange(16)):
        tensor.need_numbers()
    return groups[:, 0] // 16


def split(tensor: Lazy, sizes: Sequence[int]) -> list[Lazy]:
    """Consecutive parts along the first dimension."""
    edges = np.cumsum([0, *sizes])
    return [sliced(tensor, int(a), int(b)) for a, b in itertools.pairwise(edges)]


def middle_sliced(tensor: Lazy, start: int, stop: int) -> Lazy:
    """Rows start to stop of every matrix of a stack: [n, rows, columns] to [n, stop - start, columns]."""
    count, rows, _ = tensor.shape
    if not 0 <= start < stop <= rows:
        raise ValueError(f"{start}:{stop} of {tensor.shape}")
    index = (np.arange(count)[:, None] * rows + np.arange(start, stop)).reshape(-1)
    return gathered(tensor, index, (count, stop - start))


def permuted(tensor: Lazy, heads: int) -> Lazy:
    """Query or key rows from the order of transformers' rotary embedding (halves) to ggml's (pairs), head by head:
    reshape(heads, 2, d / 2, …).swapaxes(1, 2) (conversion/llama.py)."""
    length = tensor.shape[0]
    if heads < 1 or length % (heads * 2):
        raise ValueError(f"{length} rows for {heads} heads")
    index = np.arange(length).reshape(heads, 2, length // heads // 2).swapaxes(1, 2).reshape(-1)
    return gathered(tensor, index, tensor.shape[:-1] if len(tensor.shape) > 1 else None)


def joined(parts: Sequence[Lazy], shape: Sequence[int]) -> Lazy:
    """The rows of several tensors one after the other. A vector counts as a row of its own."""
    columns = parts[0].columns
    if any(part.columns != columns for part in parts):
        raise ValueError("parts of different width")
    dtypes = {part.dtype for part in parts}
    if BLOCKS in dtypes and len(dtypes) > 1:
        raise ValueError("some parts of a stack are packed, some are not")
    dtype = dtypes.pop() if len(dtypes) == 1 else "F32"
    edges = np.cumsum([0, *(part.rows for part in parts)])

    def read(reader: WeightReader, start: int, stop: int) -> RowBlock:
        pieces: list[NDArray[Any]] = []
        at = int(np.searchsorted(edges, start, side="right")) - 1
        while start < stop:
            end = min(stop, int(edges[at + 1]))
            block = parts[at].read(reader, start - int(edges[at]), end - int(edges[at]))
            pieces.append(block.data if dtype == block.dtype else as_float32(block))
            start, at = end, at + 1
        return RowBlock(dtype, pieces[0] if len(pieces) == 1 else np.concatenate(pieces))

    sources = tuple(dict.fromkeys(source for part in parts for source in part.sources))
    return Lazy(tuple(shape), dtype, sources, read, any(part.whole for part in parts))


def stacked(parts: Sequence[Lazy]) -> Lazy:
    """Tensors of one shape as one tensor with a new first dimension (experts)."""
    if any(part.shape != parts[0].shape for part in parts):
        raise ValueError("parts of different shape")
    return joined(parts, (len(parts), *parts[0].shape))


def concatenated(parts: Sequence[Lazy]) -> Lazy:
    """Tensors one after the other along the first dimension; vectors element after element."""
    if len(parts[0].shape) > 1:
        return joined(parts, (sum(part.shape[0] for part in parts), *parts[0].shape[1:]))
    length = sum(part.shape[0] for part in parts)
    for part in parts:
        part.need_numbers()

    def read(reader: WeightReader, start: int, stop: int) -> RowBlock:
        blocks = [as_float32(part.read(reader, start, stop)) for part in parts]
        return RowBlock("F32", np.concatenate(blocks, axis=1))

    return Lazy((length,), "F32", tuple(s for part in parts for s in part.sources), read)


def transposed(tensor: Lazy) -> Lazy:
    """The last two dimensions exchanged. Every row needs a column of the source: cheap on mapped memory, so stacks are
    read a matrix at a time; a single matrix asks to be read whole."""
    *outer, height, width = tensor.shape
    tensor.need_numbers()

    def read(reader: WeightReader, start: int, stop: int) -> RowBlock:
        pieces: list[NDArray[Any]] = []
        while start < stop:
            matrix = start // width
            end = min(stop, (matrix + 1) * width)
            source = tensor.values(reader, matrix * height, (matrix + 1) * height)
            pieces.append(source[:, start - matrix * width : end - matrix * width].T)
            start = end
        return RowBlock(tensor.dtype, np.ascontiguousarray(np.concatenate(pieces)))

    return replace(tensor, shape=(*outer, width, height), read=read, whole=not outer)
