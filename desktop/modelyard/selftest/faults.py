"""How a check of the self-test says that something is not as it should be."""

from __future__ import annotations


class NotAsExpected(Exception):
    """The text says what."""


def expect(good: bool, otherwise: object) -> None:
    """Not `assert`: the frozen program runs without those. Raises NotAsExpected."""
    if not good:
        raise NotAsExpected(str(otherwise))
