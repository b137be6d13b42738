"""What is selected in a rendered document, as plain text and as the Markdown it came from."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QTextBlock, QTextCursor

from .formula_object import LATEX
from .positions import part_of
from .writer import Written


def selected_text(cursor: QTextCursor) -> str:
    """Plain text; a formula as its LaTeX."""
    start, end = cursor.selectionStart(), cursor.selectionEnd()
    block = cursor.document().findBlock(start)
    lines: list[str] = []
    while block.isValid() and block.position() < end:
        lines.append(_text_of(block, start, end))
        block = block.next()
    return "\n".join(lines).lstrip("\n").replace("\u2028", "\n").replace("\xa0", " ")


def _text_of(block: QTextBlock, start: int, end: int) -> str:
    parts: list[str] = []
    position = block.begin()
    while not position.atEnd():
        fragment = position.fragment()
        first = max(start, fragment.position())
        last = min(end, fragment.position() + fragment.length())
        if first < last:
            latex = fragment.charFormat().property(LATEX)
            text = str(latex) * (last - first) if latex else fragment.text()
            parts.append(text if latex else part_of(text, first - fragment.position(), last - fragment.position()))
        position += 1
    return "".join(parts)


def selected_source(cursor: QTextCursor, source: str, written: Sequence[Written]) -> str:
    """The lines of the source whose rendering is touched by the selection."""
    document = cursor.document()
    first = document.findBlock(cursor.selectionStart()).blockNumber()
    last = document.findBlock(max(cursor.selectionStart(), cursor.selectionEnd() - 1)).blockNumber()
    touched = [
        each
        for number, each in enumerate(written)
        if each.block <= last and (number + 1 == len(written) or written[number + 1].block > first)
    ]
    if not touched:
        return ""
    lines = source.split("\n")
    return "\n".join(lines[touched[0].first : max(each.last for each in touched)]).strip("\n")
