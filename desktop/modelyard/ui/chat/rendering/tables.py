"""Tables in a text document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QTextBlockFormat, QTextCursor, QTextFrameFormat, QTextTableFormat

from ...design.tokens import Space
from ..markdown.values import Spans, Table
from .look import Look

_ALIGNMENTS = {"center": Qt.AlignmentFlag.AlignHCenter, "right": Qt.AlignmentFlag.AlignRight}


def insert_table(cursor: QTextCursor, table: Table, look: Look, write: Callable[[QTextCursor, Spans], None]) -> None:
    """`write` writes one cell's text."""
    colours = look.theme.colours
    fmt = QTextTableFormat()
    fmt.setBorder(1)
    fmt.setBorderCollapse(True)
    fmt.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    fmt.setBorderBrush(QBrush(QColor(colours.border_strong)))
    fmt.setCellPadding(Space.S - 2)
    fmt.setCellSpacing(0)
    fmt.setTopMargin(Space.XS)
    fmt.setBottomMargin(Space.M)
    fmt.setLeftMargin(look.left_of(table.place))
    columns = max(len(row) for row in table.rows)
    made = cursor.insertTable(len(table.rows), max(1, columns), fmt)
    for number, row in enumerate(table.rows):
        for place, spans in enumerate(row):
            inside = made.cellAt(number, place).firstCursorPosition()
            align = _ALIGNMENTS.get(table.aligns[place] if place < len(table.aligns) else "")
            if align is not None:
                block = QTextBlockFormat()
                block.setAlignment(align)
                inside.setBlockFormat(block)
            shown = tuple(replace(span, bold=True) for span in spans) if number == 0 else spans
            write(inside, shown)
