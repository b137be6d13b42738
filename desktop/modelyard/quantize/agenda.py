"""Which unit is worked on next: in the order of the file, or in that in which sources arrive."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from ..convert.content import TensorJob
from .layout import Layout
from .units import Unit

_LOOK_AHEAD = 64  # tensors; more than what is under way at once


class Agenda:
    """Hands out units, one tensor after another. `is_here` tells of a tensor whether everything it is made from can be
    read at once: such a one goes before another that somebody would have to wait for. One thread at a time."""

    def __init__(
        self, units: Sequence[Unit], numbers: Iterable[int], layout: Layout, is_here: Callable[[TensorJob], bool] | None
    ) -> None:
        """`numbers`: of the units to be done, in the order of work."""
        self._layout = layout
        self._is_here = is_here
        self._here: set[int] = set()
        self._waiting: dict[int, deque[int]] = {}
        for number in numbers:
            self._waiting.setdefault(units[number].tensor, deque()).append(number)

    def next(self) -> int | None:
        """The number of a unit nobody has yet; None if there is none."""
        tensor = self._chosen()
        if tensor is None:
            return None
        left = self._waiting[tensor]
        number = left.popleft()
        if not left:
            del self._waiting[tensor]
        return number

    def _chosen(self) -> int | None:
        first = next(iter(self._waiting), None)
        if self._is_here is None:
            return first
        for tensor in islice(self._waiting, _LOOK_AHEAD):
            if tensor in self._here:
                return tensor
            if self._is_here(self._layout.tensors[tensor].job):
                self._here.add(tensor)
                return tensor
        return first
