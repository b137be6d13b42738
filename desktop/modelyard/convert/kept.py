"""NVFP4 weights that stay in their blocks, as llama.cpp's converter leaves them in a file of its own sizes: before all
other tensors, each with the factor that belongs to it (conversion/base.py, _generate_nvfp4_tensors).

Rows may move (rotary order, stacks of experts); where a family would compute with the numbers, the weights are unpacked
like those of any other packing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..formats.checkpoint_tensor import StoredTensor
from .content import RowBlock, WeightReader
from .family import Family
from .lazy import BLOCKS, Lazy, NotMovable
from .names import block_of
from .weights import to_float32

_NEARLY = 1e-6  # a factor this near to one is not written


@dataclass(frozen=True)
class KeptWeight:
    """raw: the name its finished blocks are read by. scale: what every weight is multiplied with, input_scale: what its
    input is; None for one. weight_only: its input must not be made four-bit too."""

    raw: str
    shape: tuple[int, ...]
    scale: Factor | None
    input_scale: Factor | None
    weight_only: bool = False


@dataclass(frozen=True)
class Factor:
    """One number, or its reciprocal."""

    stored: StoredTensor
    divide: bool

    def value(self, data: bytes) -> NDArray[np.float32]:
        kind = {"BF16": "<u2", "F16": "<f2", "F32": "<f4", "F64": "<f8"}.get(self.stored.dtype, "u1")
        numbers = to_float32(np.frombuffer(data, kind), self.stored.dtype)
        return np.float32(1) / numbers if self.divide else numbers


@dataclass(frozen=True)
class Kept:
    """A finished tensor, by the name to map; `factors`: endings and numbers of the tensors that go with it."""

    source: str
    target: str
    tensor: Lazy
    factors: tuple[tuple[str, NDArray[np.float32]], ...]
    weight_only: bool


def kept_tensors(family: Family, weights: Mapping[str, KeptWeight]) -> Iterator[tuple[set[str], Kept | None]]:
    """(checkpoint tensors that need not be converted any more, what is written for them), in file order.

    Experts come when the last of a stack is met; all at the end where config.json gives their number by another name.
    A stack that lacks a part (its columns are no whole blocks, or it was left unpacked) is unpacked as a whole. The
    family must be one of its own: parts wait in it.
    """
    factors = _Factors(family, weights)
    found: list[tuple[set[str], Kept | None]] = []
    late: list[Kept] = []
    waiting: dict[str, str] = {}
    counted = family.config.find("num_local_experts", "num_experts")
    for name, weight in weights.items():
        renamed = family.rename(name)
        if renamed is None:
            found.append(({name}, None))
            continue
        waiting[weight.raw] = name
        try:
            changed = list(family.change(renamed, _blocks(weight), block_of(renamed)))
        except NotMovable:
            continue
        for target, tensor in changed:
            kept = Kept(renamed, target, tensor, factors.of(tensor), factors.weight_only(tensor))
            if len(tensor.sources) > 1 and not counted:
                late.append(kept)
            else:
                found.append(({waiting[source] for source in tensor.sources}, kept))
    yield from found
    for kept in late:
        yield {waiting[source] for source in kept.tensor.sources}, kept


class _Factors:
    def __init__(self, family: Family, weights: Mapping[str, KeptWeight]) -> None:
        self._weights = {weight.raw: weight for weight in weights.values()}
        both = (factor for weight in weights.values() for factor in (weight.scale, weight.input_scale))
        self._data = family.model.peek([factor.stored.name for factor in both if factor is not None])

    def of(self, tensor: Lazy) -> tuple[tuple[str, NDArray[np.float32]], ...]:
        weights = [self._weights[source] for source in tensor.sources]
        found = (
            (".scale", self._joined([weight.scale for weight in weights])),
            (".input_scale", self._joined([weight.input_scale for weight in weights])),
        )
        return tuple((ending, numbers) for ending, numbers in found if numbers is not None)

    def weight_only(self, tensor: Lazy) -> bool:
        return any(self._weights[source].weight_only for source in tensor.sources)

    def _joined(self, factors: list[Factor | None]) -> NDArray[np.float32] | None:
        one = np.ones(1, np.float32)
        parts = [one if factor is None else factor.value(self._data[factor.stored.name]) for factor in factors]
        if len(parts) == 1:
            plain = parts[0].size <= 1 and abs(float(parts[0].sum()) - 1) < _NEARLY
            return None if plain else parts[0]
        numbers = np.array([float(part.sum()) for part in parts], np.float32)
        return None if np.allclose(numbers, 1.0, atol=_NEARLY) else numbers


def _blocks(weight: KeptWeight) -> Lazy:
    def read(reader: WeightReader, start: int, stop: int) -> RowBlock:
        return RowBlock(BLOCKS, reader.read(weight.raw, start, stop))

    return Lazy(weight.shape, BLOCKS, (weight.raw,), read)


def finished(tensor: Lazy) -> Lazy:
    """Blocks for the writer, which has no name for them but "RAW"."""

    def read(reader: WeightReader, start: int, stop: int) -> RowBlock:
        return RowBlock("RAW", np.ascontiguousarray(tensor.values(reader, start, stop)))

    return replace(tensor, dtype="RAW", read=read)


def factor_rows(numbers: NDArray[np.float32]) -> Any:
    """The rows of a tensor that holds factors."""
    matrix = numbers.reshape(1, -1)
    return lambda reader, start, stop: RowBlock("F32", matrix[start:stop])
