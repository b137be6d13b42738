"""How much a stranger's template may do: lines it runs, and text and values it makes, each counted where it arises.

Nothing stops Python inside one long operation of its own. So the size of what goes in is counted before, also of lists
in lists, whose text grows without end while they themselves stay small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import FrameType
from typing import Any

FILE_NAME = "<template>"  # Jinja's, of the code it makes
_MOST_STEPS = 100_000
_MOST_MADE = 64 << 20
_OF_A_VALUE = 64  # beside its text, in the unit of characters
_VALUES_A_STEP, _CHARACTERS_A_STEP = 16, 65_536  # what is looked at between two lines counts as lines


class JinjaFailed(Exception):
    """The template cannot be rendered: invalid, unsupported, refused by itself (raise_exception) or endless."""


class Meter:
    """Of one rendering. All methods raise JinjaFailed when it has had enough."""

    def __init__(self) -> None:
        self._steps = 0
        self._made = 0

    def trace(self, frame: FrameType, event: str, _: Any) -> Any:
        """For sys.settrace: counts the template's lines and what they hold."""
        if frame.f_code.co_filename != FILE_NAME:
            return None
        if event == "line":
            values, characters = _extent(frame.f_locals)
            self._steps += 1 + values // _VALUES_A_STEP + characters // _CHARACTERS_A_STEP
            if self._steps > _MOST_STEPS:
                raise JinjaFailed("endless")
        return self.trace

    def count(self, amount: int) -> None:
        """`amount` characters more."""
        self._made += amount
        if self._made > _MOST_MADE:
            raise JinjaFailed("endless")

    def weigh(self, value: Any) -> Any:
        """Counts what is in `value` and returns it."""
        values, characters = _extent(value)
        self.count(_OF_A_VALUE * values + characters)
        return value

    def joined(self, parts: Iterable[Any]) -> str:
        """The texts of `parts`, one behind the other."""
        return "".join(str(self.weigh(part)) for part in parts)


def _extent(value: Any) -> tuple[int, int]:
    """Values within a value, itself included, and characters of text. What is met twice counts twice: so does it where
    it is written out. A generator's values count when they come."""
    values, characters, waiting = 0, 0, [value]
    while waiting:
        item = waiting.pop()
        values += 1
        if isinstance(item, str):
            characters += len(item)
        elif isinstance(item, list | tuple | set | frozenset):
            waiting.extend(item)
        elif isinstance(item, Mapping):
            waiting.extend(item.keys())
            waiting.extend(item.values())
        elif isinstance(item, range):
            values += len(item)
        elif type(item).__name__ == "Namespace":  # an undefined value must not be asked for attributes
            waiting.append(getattr(item, "_Namespace__attrs", None))
        if (values + len(waiting)) * _OF_A_VALUE + characters > _MOST_MADE:
            raise JinjaFailed("endless")
    return values, characters
