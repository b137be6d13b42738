"""The work of one file, cut into blocks of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..formats.ggml_types import GgmlType
from .layout import Layout, PlacedTensor

_WEIGHTS = 1 << 20  # 2 MB of BF16, 4 MB of float32: a few fit the cache, and a block takes well under a second
_WEIGHTS_SEARCHED = 1 << 17  # the searches over grids of ggml take a hundred times longer
SEARCHED = frozenset(
    {
        GgmlType.IQ1_S,
        GgmlType.IQ1_M,
        GgmlType.IQ2_XXS,
        GgmlType.IQ2_XS,
        GgmlType.IQ2_S,
        GgmlType.IQ3_XXS,
        GgmlType.IQ3_S,
    }
)


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows [start, stop) of tensor number `tensor` of the layout."""

    tensor: int
    start: int
    stop: int


def rows_at_once(tensor: PlacedTensor) -> int:
    """How many rows are encoded in one go."""
    weights = _WEIGHTS_SEARCHED if tensor.type in SEARCHED else _WEIGHTS
    return max(1, weights // max(1, tensor.columns))


def cut(layout: Layout) -> tuple[Unit, ...]:
    """All units in file order. A tensor whose rows need its whole source is one unit."""
    units: list[Unit] = []
    for number, tensor in enumerate(layout.tensors):
        step = tensor.rows if tensor.job.whole else rows_at_once(tensor)
        units += (Unit(number, start, min(start + step, tensor.rows)) for start in range(0, tensor.rows, max(1, step)))
    return tuple(units)


def reading_order(units: Sequence[Unit], layout: Layout, job_names: Sequence[str]) -> list[int]:
    """The numbers of the units in the order in which their sources come (`job_names`: the content's order)."""
    place = {name: position for position, name in enumerate(job_names)}
    return sorted(range(len(units)), key=lambda n: (place[layout.tensors[units[n].tensor].job.name], n))
