"""Levenshtein distance, cut off: enough to say which known text is nearest, quickly."""

from __future__ import annotations


def distance_below(first: str, second: str, limit: int) -> int | None:
    """The number of code points to insert, delete or replace; None if it is `limit` or more.

    Only a band of `limit` around the diagonal is reckoned, and equal ends are cut off first."""
    start = 0
    while start < min(len(first), len(second)) and first[start] == second[start]:
        start += 1
    end = 0
    while end < min(len(first), len(second)) - start and first[-1 - end] == second[-1 - end]:
        end += 1
    first, second = first[start : len(first) - end], second[start : len(second) - end]
    if abs(len(first) - len(second)) >= limit:
        return None
    row = [column if column < limit else limit for column in range(len(second) + 1)]
    for index, character in enumerate(first, 1):
        low, high = max(1, index - limit), min(len(second), index + limit)
        above_left, row[0] = row[low - 1], min(index, limit)
        left = row[0] if low == 1 else limit
        smallest = left
        for column in range(low, high + 1):
            above = row[column]
            cost = above_left if second[column - 1] == character else 1 + min(above_left, above, left)
            above_left = above
            row[column] = left = min(cost, limit)
            smallest = min(smallest, left)
        if smallest >= limit:
            return None
    return row[len(second)] if row[len(second)] < limit else None
