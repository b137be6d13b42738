"""Writes blocks of Markdown behind each other into a text document, and can take the last ones back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from PySide6.QtGui import QTextBlockFormat, QTextCharFormat, QTextCursor, QTextDocument, QTextFormat

from ..markdown.code_colours import coloured_spans
from ..markdown.values import Block, Code, Formula, Rule, Span, Table, Text
from ..markdown.visible import pieces
from .formula_object import FormulaObject
from .look import Look
from .positions import positions_of
from .tables import insert_table

_LONGEST_LINE = 2_000  # characters of a line of code


@dataclass(frozen=True)
class CodeFrame:
    """A code block in the document: its first and last text block, and what was written."""

    first: int
    last: int
    code: Code


@dataclass(frozen=True)
class Written:
    """Which lines of the source stand in the text blocks from `block` on."""

    block: int
    first: int
    last: int


class Writer:
    """Attributes: codes and lines, what stands where in the document."""

    def __init__(self, document: QTextDocument, look: Look, formula: FormulaObject) -> None:
        self._document = document
        self._look = look
        self._formula = formula
        self.codes: list[CodeFrame] = []
        self.lines: list[Written] = []
        self._kept = (0, 0, 0, True)
        self._fresh = True  # the last text block is empty and may be used
        self._open_code: CodeFrame | None = None  # the last code block that is finished

    def clear(self) -> None:
        self._document.clear()
        self.codes.clear()
        self.lines.clear()
        self._kept = (0, 0, 0, True)
        self._fresh = True

    def write(self, finished: Iterable[Block], open_: Iterable[Block] = ()) -> None:
        """Takes back what was open before, writes both and remembers where the open part begins."""
        cursor = QTextCursor(self._document)
        cursor.beginEditBlock()
        self._take_back(cursor)
        for block in finished:
            self._write(cursor, block)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self._kept = (cursor.position(), len(self.codes), len(self.lines), self._fresh)
        self._open_code = self.codes[-1] if self.codes else None
        for block in open_:
            self._write(cursor, block)
        cursor.endEditBlock()

    def _take_back(self, cursor: QTextCursor) -> None:
        position, codes, lines, fresh = self._kept
        if position == 0 and fresh:
            if not self._document.isEmpty():
                cursor.select(QTextCursor.SelectionType.Document)
                cursor.removeSelectedText()
        else:
            cursor.setPosition(position)
            cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
        kept = self._open_code
        if codes and kept is not None and self.codes[codes - 1] is not kept:  # open code went on with it
            self.codes[codes - 1] = kept
            self._end_code(kept)
        del self.codes[codes:], self.lines[lines:]
        self._fresh = fresh

    def _write(self, cursor: QTextCursor, block: Block) -> None:
        cursor.movePosition(QTextCursor.MoveOperation.End)
        match block:
            case Text():
                self._text(cursor, block)
            case Code():
                self._code(cursor, block)
            case Formula():
                self._start(cursor, self._look.paragraph(block.place))
                self._formula.insert(cursor, block.latex, self._look.characters(Span("")), display=True)
            case Rule():
                made = self._look.paragraph(block.place)
                made.setProperty(QTextFormat.Property.BlockTrailingHorizontalRulerWidth, 1)
                self._start(cursor, made)
            case Table():
                if not self._fresh:
                    cursor.insertBlock(_thin(), QTextCharFormat())
                else:
                    cursor.setBlockFormat(_thin())
                self._fresh = False
                insert_table(cursor, block, self._look, self._spans)
                cursor.movePosition(QTextCursor.MoveOperation.End)
                cursor.setBlockFormat(_thin())
                self._fresh = True
        at = cursor.blockNumber() if not isinstance(block, Code) else self.codes[-1].first
        if not self.lines or block.place.first != self.lines[-1].first:
            self.lines.append(Written(at, block.place.first, block.place.last))

    def _start(self, cursor: QTextCursor, fmt: QTextBlockFormat) -> None:
        plain = self._look.characters(Span(""))
        if self._fresh:
            cursor.setBlockFormat(fmt)
            cursor.setBlockCharFormat(plain)
            self._fresh = False
        else:
            cursor.insertBlock(fmt, plain)

    def _text(self, cursor: QTextCursor, block: Text) -> None:
        first = self._document.isEmpty()
        self._start(cursor, self._look.paragraph(block.place, heading=block.heading, tight=block.tight, first=first))
        if block.place.marker:
            cursor.insertText(block.place.marker + "\t", self._look.characters(Span("")))
        self._spans(cursor, block.spans, block.heading)

    def _spans(self, cursor: QTextCursor, spans: Iterable[Span], heading: int = 0) -> None:
        for span in spans:
            style = self._look.characters(span, heading)
            if span.math:
                self._formula.insert(cursor, span.text, style)
            else:
                cursor.insertText(span.text.replace("\n", "\u2028"), style)

    def _code(self, cursor: QTextCursor, code: Code) -> None:
        """One text block for each line: that is what makes long code quick to lay out."""
        last = self.codes[-1] if self.codes else None
        goes_on = code.continues and last is not None and last.last == cursor.blockNumber()
        if goes_on and last is not None:
            first_line = QTextCursor(self._document.findBlockByNumber(last.last))
            first_line.setBlockFormat(self._look.code_line(code.place, first=last.first == last.last, last=False))
        if self._document.isEmpty():
            self._start(cursor, _thin())  # Qt knows no margin above the first line of a document
        text = code.text
        if any(len(line) > _LONGEST_LINE for line in text.split("\n")):
            text = "\n".join(part for line in text.split("\n") for part in pieces(line, _LONGEST_LINE))
        lines = text.split("\n")
        starts: list[int] = []
        for number, line in enumerate(lines):
            is_last = number == len(lines) - 1
            self._start(cursor, self._look.code_line(code.place, first=not number and not goes_on, last=is_last))
            cursor.setBlockCharFormat(self._look.code())  # an empty line is as high as the others
            starts.append(cursor.position())
            cursor.insertText(line, self._look.code())
        end = cursor.blockNumber()
        painter = QTextCursor(self._document)
        places = positions_of(text)
        for start, length, colour in coloured_spans(text, code.language):
            painter.setPosition(starts[0] + places[start])
            painter.setPosition(starts[0] + places[start + length], QTextCursor.MoveMode.KeepAnchor)
            painter.setCharFormat(self._look.code(colour))
        if goes_on and last is not None:
            whole = replace(last.code, text=last.code.text + "\n" + code.text)
            self.codes[-1] = CodeFrame(last.first, end, whole)
        else:
            self.codes.append(CodeFrame(end - len(lines) + 1, end, code))

    def _end_code(self, frame: CodeFrame) -> None:
        cursor = QTextCursor(self._document.findBlockByNumber(frame.last))
        alone = frame.first == frame.last
        cursor.setBlockFormat(self._look.code_line(frame.code.place, first=alone, last=True))


def _thin() -> QTextBlockFormat:
    """The empty lines that Qt wants around tables."""
    made = QTextBlockFormat()
    made.setLineHeight(1.0, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
    return made
