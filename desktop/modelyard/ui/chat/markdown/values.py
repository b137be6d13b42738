"""What a Markdown text consists of, as flat blocks in reading order. Plain and frozen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style. `math`: the text is LaTeX. `link`: where it leads, "" = nowhere."""

    text: str
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    math: bool = False
    link: str = ""


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block stands: depth of quotes, depth of lists, and what stands before it ("•", "3.", "☐"; "" = the
    item goes on). `first`..`last`: its lines in the source, last excluded."""

    quote: int = 0
    indent: int = 0
    marker: str = ""
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, or a heading of level 1 to 6. `tight`: the next one follows closely (items of a list)."""

    spans: Spans
    place: Place
    heading: int = 0
    tight: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """`continues`: it goes on with the code block before it (long ones are written in parts)."""

    text: str
    language: str
    place: Place
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, the first row is the head. `aligns` of the columns: "", "left", "center" or "right"."""

    rows: tuple[tuple[Spans, ...], ...]
    aligns: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Rule:
    place: Place


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula on a line of its own, in LaTeX."""

    latex: str
    place: Place


Block = Text | Code | Table | Rule | Formula
