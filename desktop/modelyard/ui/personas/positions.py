"""Qt counts UTF-16 units, Python counts characters; they differ behind every character beyond U+FFFF (most emoji)."""

from __future__ import annotations

import re
from bisect import bisect_left

_WIDE = re.compile("[\U00010000-\U0010ffff]")


def units(text: str) -> int:
    """The length of `text` in UTF-16 units."""
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))


class Positions:
    """Where a text's wide characters stand, in UTF-16 units, kept up to date edit by edit."""

    def __init__(self, text: str = "") -> None:
        self._wide = _wide(text)
        self.length = len(text) + len(self._wide)

    def character(self, unit: int) -> int:
        return unit - bisect_left(self._wide, unit)

    def unit(self, character: int) -> int:
        low, high = 0, len(self._wide)
        while low < high:
            middle = (low + high) // 2
            if self._wide[middle] - middle < character:
                low = middle + 1
            else:
                high = middle
        return character + low

    def edited(self, start: int, removed: int, text: str) -> None:
        """`removed` units from `start` were replaced by `text`."""
        shift = units(text) - removed
        self.length += shift
        if not self._wide and text.isascii():
            return
        first, last = bisect_left(self._wide, start), bisect_left(self._wide, start + removed)
        kept = [each + shift for each in self._wide[last:]] if shift else self._wide[last:]
        self._wide[first:] = [start + each for each in _wide(text)] + kept


def _wide(text: str) -> list[int]:
    return [] if text.isascii() else [match.start() + number for number, match in enumerate(_WIDE.finditer(text))]
