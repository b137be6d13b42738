"""Places in a text document: Qt counts emoji and rare Chinese characters (beyond the first 65,536) as two."""

from __future__ import annotations

from itertools import accumulate


def positions_of(text: str) -> list[int] | range:
    """Where each character begins in a document, and where the last one ends."""
    if not text or max(text) <= "\uffff":
        return range(len(text) + 1)
    return [0, *accumulate(2 if character > "\uffff" else 1 for character in text)]


def part_of(text: str, first: int, last: int) -> str:
    """What stands between two places of a document."""
    return text.encode("utf-16-le", "surrogatepass")[2 * first : 2 * last].decode("utf-16-le", "replace")
