"""Whether an answer goes round in circles, as small models do. No Qt here."""

from __future__ import annotations

LOOKED_AT = 1_500  # characters at the end
_LEAST = 400  # characters of repetition: a refrain is no circle
_ROUNDS = 6


def goes_in_circles(text: str) -> bool:
    """The text ends with one and the same piece at least six times in a row. Takes about a millisecond."""
    tail = text[-LOOKED_AT:][::-1]
    border = [0] * len(tail)  # for each beginning: how long its longest end is that is also its beginning
    for at in range(1, len(tail)):
        size = border[at - 1]
        while size and tail[at] != tail[size]:
            size = border[size - 1]
        border[at] = size + (tail[at] == tail[size])
        length, period = at + 1, at + 1 - border[at]
        if length >= _LEAST and length >= _ROUNDS * period:
            return True
    return False
