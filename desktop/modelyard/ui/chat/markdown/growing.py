"""A Markdown text that grows: what can no longer change is given out once, the open rest each time anew."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .parsing import parse, plain_blocks
from .values import Block, Code, Place, Table

LONGEST = 200_000  # characters that are read as Markdown; what comes behind is shown as it is
_LONGEST_OPEN = 3_000  # an open block longer than this is closed as it stands
_LONGEST_TABLE = 12_000  # its other rows would be text
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_ITEM = re.compile(r"^(?:[-*+]|\d{1,9}[.)]) ", re.M)


@dataclass(frozen=True)
class Growth:
    """`finished`: to be written for good. `open`: to be written now and taken back at the next growth."""

    finished: tuple[Block, ...] = ()
    open: tuple[Block, ...] = ()


class GrowingText:
    """Attributes: text, the whole source."""

    def __init__(self) -> None:
        self.text = ""
        self._rest = ""  # the source of what is open
        self._line = 0  # the line of the source where it begins
        self._fence = ""  # the opening line of a code block whose beginning is finished already

    def add(self, text: str) -> Growth:
        self.text += text
        if len(self.text) > LONGEST:
            finished = plain_blocks(self._rest + text, self._line)
            self._advance(self._rest + text, "")
            return Growth(finished)
        self._rest += text
        return self._grow()

    def end(self) -> Growth:
        """Nothing more comes: all is finished."""
        growth = self._read()
        self._rest = ""
        return Growth(growth)

    def _grow(self) -> Growth:
        parsed = parse(self._fence + self._rest)
        blocks = self._placed(parsed.blocks)
        lines = parsed.open_line - self._fence.count("\n")
        if lines > 0:
            start = self._line + lines
            finished = tuple(block for block in blocks if block.place.first < start)
            self._advance(self._rest, _from_line(self._rest, lines))
            self._fence = ""
            return Growth(finished, tuple(block for block in blocks if block.place.first >= start))
        longest = _LONGEST_TABLE if blocks and isinstance(blocks[-1], Table) else _LONGEST_OPEN
        if len(self._rest) > longest:
            return self._cut()
        return Growth((), blocks)

    def _cut(self) -> Growth:
        """Closes a long open block at a good place; of code and lists the next part goes on with it."""
        opening = _opening_fence(self._fence + self._rest)
        at = self._rest.rfind("\n") + 1
        if not opening:
            items = [match.start() for match in _ITEM.finditer(self._rest)]
            at = items[-1] if len(items) > 1 else at
            at = at or self._rest.rfind(" ") + 1
        elif not self._fence and at <= len(opening):
            at = 0
        rest = self._rest[at:] if at else ""
        if opening and not at:
            self._rest += "\n"  # a line of code without end: it is cut where it stands
        whole, self._rest = self._rest, self._rest[: len(self._rest) - len(rest)]
        finished = self._read()
        self._rest = whole
        self._advance(whole, rest)
        self._fence = opening
        if not rest:
            return Growth(finished)
        return Growth(finished, self._placed(parse(self._fence + rest).blocks))

    def _read(self) -> tuple[Block, ...]:
        return self._placed(parse(self._fence + self._rest).blocks)

    def _placed(self, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
        """With lines of the whole source; code that goes on says so."""
        shift = self._line - self._fence.count("\n")
        if not shift and not self._fence:
            return blocks
        moved = [replace(block, place=_moved(block.place, shift)) for block in blocks]
        if self._fence and moved and isinstance(moved[0], Code):
            moved[0] = replace(moved[0], continues=True)
        return tuple(moved)

    def _advance(self, whole: str, rest: str) -> None:
        self._line += whole.count("\n") - rest.count("\n")
        self._rest = rest


def _opening_fence(text: str) -> str:
    """The first line, if it opens a code block; else ""."""
    line = text[: text.find("\n") + 1]
    marks = line.strip()
    return line if _FENCE.match(line) and "`" not in marks.lstrip("`") else ""


def _from_line(text: str, lines: int) -> str:
    at = 0
    for _ in range(lines):
        at = text.find("\n", at) + 1
    return text[at:]


def _moved(place: Place, lines: int) -> Place:
    return replace(place, first=max(0, place.first + lines), last=place.last + lines)
