"""Checkpoints seen through a computation: some tensors are not stored but computed, row block by row block.

Dequantisation and merging an add-on both show a TensorTable like the one below them, so the model families need not
know where a tensor's numbers come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..formats.checkpoint import Locate, RowReader, TensorTable
from ..formats.checkpoint_files import SmallFiles
from ..formats.checkpoint_tensor import StoredTensor, numpy_name
from .content import WeightReader

# Rows are computed in pieces that stay in the processor's cache with all their intermediate forms.
_TILE_ELEMENTS, _TILE_ROWS = 1 << 17, 16


class DerivedTensor(Protocol):
    """A tensor computed from others. `tensor`: what the converter sees; dtype F32, F16 or BF16 (as its bits).
    `sources`: the tensors of the table below that it reads."""

    @property
    def tensor(self) -> StoredTensor: ...

    @property
    def sources(self) -> tuple[str, ...]: ...

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[Any]:
        """Rows [start, stop) in `tensor`'s type. Thread-safe."""
        ...


class DerivedTable:
    """A TensorTable over another one. `derived` tensors are computed, all others passed through."""

    def __init__(
        self,
        below: TensorTable,
        tensors: Iterable[StoredTensor],
        derived: Mapping[str, DerivedTensor],
        original: str,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        """tensors: all that the converter shall see, in reading order. original: see TensorTable."""
        self._below = below
        self._derived = dict(derived)
        self.tensors: Mapping[str, StoredTensor] = {tensor.name: tensor for tensor in tensors}
        self.original = original
        self.config: Mapping[str, Any] = below.config if config is None else config

    @property
    def name(self) -> str:
        return self._below.name

    @property
    def files(self) -> SmallFiles:
        return self._below.files

    @property
    def base_model(self) -> str | None:
        return self._below.base_model

    def peek(self, names: Iterable[str]) -> dict[str, bytes]:
        return self._below.peek(names)

    def alike(self, first: str, second: str) -> bool:
        """As TensorTable; computed tensors are taken for different."""
        return not {first, second} & self._derived.keys() and self._below.alike(first, second)

    def shards_of(self, name: str) -> tuple[str, ...]:
        derived = self._derived.get(name)
        if derived is None:
            return self._below.shards_of(name)
        return tuple(dict.fromkeys(shard for source in derived.sources for shard in self._below.shards_of(source)))

    def reader(self, locate: Locate | None = None) -> RowReader:
        return _DerivedReader(self._below.reader(locate), self._derived)


class _DerivedReader:
    def __init__(self, below: RowReader, derived: Mapping[str, DerivedTensor]) -> None:
        self._below = below
        self._derived = derived

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        derived = self._derived.get(name)
        if derived is None:
            return self._below.read(name, start, stop)
        step = max(_TILE_ROWS, _TILE_ELEMENTS // max(1, derived.tensor.columns))
        if stop - start <= step:
            return derived.rows(self._below, start, stop)
        out = np.empty((stop - start, derived.tensor.columns), numpy_name(derived.tensor.dtype))
        for at in range(start, stop, step):
            end = min(stop, at + step)
            out[at - start : end - start] = derived.rows(self._below, at, end)
        return out

    def close(self) -> None:
        self._below.close()


# --- numbers of any stored type ---------------------------------------------------------------------------------------
def to_float32(data: NDArray[Any], dtype: str) -> NDArray[np.float32]:
    """Stored rows of element type `dtype` (a safetensors name) as float32, exactly as torch's `.float()` gives them."""
    if dtype == "BF16":
        bits = data.astype(np.uint32)
        bits <<= np.uint32(16)
        return bits.view(np.float32)
    if dtype in _BYTE_FLOATS:
        return np.take(_BYTE_FLOATS[dtype], data)
    return data.astype(np.float32, copy=False)


def to_bf16(data: NDArray[np.float32]) -> NDArray[np.uint16]:
    """float32 rounded to the nearest BF16, ties to even, as its bits; NaN stays NaN (c10/util/BFloat16.h)."""
    bits = np.ascontiguousarray(data).view(np.uint32)
    rounded = ((bits + (np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1)))) >> np.uint32(16)).astype(
        np.uint16
    )
    return np.where(np.isnan(data), np.uint16(0x7FC0), rounded)


def from_float32(data: NDArray[np.float32], dtype: str) -> NDArray[Any]:
    """float32 rounded to F32, F16 or BF16 (as its bits)."""
    if dtype == "BF16":
        return to_bf16(data)
    return data.astype(np.float16) if dtype == "F16" else data


def read_float32(reader: WeightReader, tensor: StoredTensor, start: int, stop: int) -> NDArray[np.float32]:
    return to_float32(reader.read(tensor.name, start, stop), tensor.dtype)


def read_whole(reader: WeightReader, tensor: StoredTensor) -> NDArray[Any]:
    """All of a small tensor in its own shape and stored type."""
    return reader.read(tensor.name, 0, tensor.rows).reshape(tensor.shape)


def _e4m3_values() -> NDArray[np.float32]:
    """Float8 E4M3FN: bias 7, no infinities, only 0x7F and 0xFF are NaN."""
    bits = np.arange(256)
    exponent, mantissa = (bits >> 3) & 15, bits & 7
    size = np.where(exponent == 0, mantissa * 2.0**-9, (8 + mantissa) * 2.0 ** (exponent - 10.0))
    size[(bits & 0x7F) == 0x7F] = np.nan
    return np.where(bits < 128, size, -size).astype(np.float32)


def _e5m2_values() -> NDArray[np.float32]:
    """Float8 E5M2: the upper byte of a float16."""
    return (np.arange(256, dtype=np.uint16) << np.uint16(8)).view(np.float16).astype(np.float32)


def _e8m0_values() -> NDArray[np.float32]:
    """E8M0: a power of two, bias 127; 0xFF is NaN."""
    values = 2.0 ** (np.arange(256) - 127.0)
    values[255] = np.nan
    return values.astype(np.float32)


_BYTE_FLOATS = {"F8_E4M3": _e4m3_values(), "F8_E5M2": _e5m2_values(), "F8_E8M0": _e8m0_values()}
