"""How a rendered Markdown document looks: distances, headings, code, quotes, tables. Colours come from the tokens."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
)

from ..design.theme import Theme
from ..design.tokens import Space
from .code_colours import coloured_spans

CODE_MARGIN = Space.M
CODE_HEAD = 26  # above the first line of a code block: its language and the copy button
_HEADINGS = {1: 1.35, 2: 1.2, 3: 1.08}
_LINE_HEIGHT = 145.0


@dataclass(frozen=True)
class CodeRange:
    """Consecutive blocks of one code fence, by block number."""

    first: int
    last: int
    language: str


def is_code(block: QTextBlock) -> bool:
    fmt = block.blockFormat()
    return fmt.hasProperty(QTextFormat.Property.BlockCodeFence) or fmt.hasProperty(
        QTextFormat.Property.BlockCodeLanguage
    )


def is_quote(block: QTextBlock) -> bool:
    return int(block.blockFormat().property(QTextFormat.Property.BlockQuoteLevel) or 0) > 0


def code_ranges(document: QTextDocument, start: int = 0) -> list[CodeRange]:
    """The code blocks from block number `start` on."""
    ranges: list[CodeRange] = []
    block = document.findBlockByNumber(start)
    while block.isValid():
        if is_code(block):
            language = str(block.blockFormat().property(QTextFormat.Property.BlockCodeLanguage) or "")
            last = ranges[-1] if ranges else None
            if last is not None and last.last == block.blockNumber() - 1 and last.language == language:
                ranges[-1] = CodeRange(last.first, block.blockNumber(), language)
            else:
                ranges.append(CodeRange(block.blockNumber(), block.blockNumber(), language))
        block = block.next()
    return ranges


def code_text(document: QTextDocument, code: CodeRange) -> str:
    lines = [document.findBlockByNumber(number).text() for number in range(code.first, code.last + 1)]
    return "\n".join(lines).replace("\u2028", "\n").replace("\xa0", " ")


def style(document: QTextDocument, theme: Theme, start: int = 0) -> None:
    """Styles the blocks from number `start` on, as Qt's Markdown reader left them."""
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    for frame in document.rootFrame().childFrames():
        if isinstance(frame, QTextTable):
            _drop_stray_line(frame)
    block = document.findBlockByNumber(start)
    tables: set[int] = set()
    while block.isValid():
        cursor.setPosition(block.position())
        table = cursor.currentTable()
        if table is not None:
            if table.firstPosition() not in tables:
                tables.add(table.firstPosition())
                _style_table(table, theme)
            _style_cell(cursor, block, table, theme)
        elif not is_code(block):
            _style_text(cursor, block, theme)
        block = block.next()
    for code in code_ranges(document, start):
        _style_code(document, code, theme)
    cursor.endEditBlock()


def _style_text(cursor: QTextCursor, block: QTextBlock, theme: Theme) -> None:
    fmt = QTextBlockFormat(block.blockFormat())
    level = fmt.headingLevel()
    fmt.setLineHeight(_LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    in_list = block.textList() is not None
    fmt.setTopMargin(Space.M if level and block.blockNumber() else 0)
    fmt.setBottomMargin(Space.XS if in_list or level else Space.S + 2)
    if is_quote(block):
        fmt.setLeftMargin(Space.L)
    cursor.setBlockFormat(fmt)
    size = theme.point_size("body") * (_HEADINGS.get(level, 1.0) if level else 1.0)
    position = block.begin()
    spans: list[tuple[int, int, QTextCharFormat]] = []
    while not position.atEnd():
        fragment = position.fragment()
        had = fragment.charFormat()
        wanted = QTextCharFormat(had)
        if level:
            wanted.clearProperty(QTextFormat.Property.FontSizeAdjustment)
            wanted.setFontWeight(QFont.Weight.DemiBold)
            wanted.setFontPointSize(size)
        if had.fontFixedPitch():
            wanted.setFontFamilies([theme.mono_family()])
            wanted.setBackground(QColor(theme.colours.code))
            wanted.setFontPointSize(size * 0.94)
        if had.isAnchor():
            wanted.setForeground(QColor(theme.colours.accent_text))
        if wanted != had:
            spans.append((fragment.position(), fragment.length(), wanted))
        position += 1
    for start, length, wanted in spans:
        cursor.setPosition(start)
        cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
        cursor.setCharFormat(wanted)


def _style_code(document: QTextDocument, code: CodeRange, theme: Theme) -> None:
    cursor = QTextCursor(document)
    first = document.findBlockByNumber(code.first)
    last = document.findBlockByNumber(code.last)
    plain = QTextCharFormat()
    plain.setFontFamilies([theme.mono_family()])
    plain.setFontPointSize(theme.point_size("body") * 0.94)
    plain.setForeground(QColor(theme.colours.text))
    cursor.setPosition(first.position())
    cursor.setPosition(last.position() + last.length() - 1, QTextCursor.MoveMode.KeepAnchor)
    cursor.setCharFormat(plain)
    for number in range(code.first, code.last + 1):
        block = document.findBlockByNumber(number)
        cursor.setPosition(block.position())
        fmt = QTextBlockFormat(block.blockFormat())
        fmt.setNonBreakableLines(False)
        fmt.setLeftMargin(CODE_MARGIN)
        fmt.setRightMargin(CODE_MARGIN)
        fmt.setTopMargin(CODE_HEAD + Space.S if number == code.first else 0)
        fmt.setBottomMargin(CODE_MARGIN + Space.M if number == code.last else 0)
        fmt.setLineHeight(130.0, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.setBlockFormat(fmt)
    text = code_text(document, code)
    colours = theme.colours.as_mapping()
    for start, length, colour in coloured_spans(text, code.language):
        cursor.setPosition(first.position() + start)
        cursor.setPosition(first.position() + start + length, QTextCursor.MoveMode.KeepAnchor)
        fmt = QTextCharFormat()
        fmt.setForeground(QColor(colours[colour]))
        if colour == "code_comment":
            fmt.setFontItalic(True)
        cursor.mergeCharFormat(fmt)


def _style_table(table: QTextTable, theme: Theme) -> None:
    fmt = table.format()
    fmt.setBorder(1)
    fmt.setBorderCollapse(True)
    fmt.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    fmt.setBorderBrush(QBrush(QColor(theme.colours.border_strong)))
    fmt.setCellPadding(Space.S - 2)
    fmt.setCellSpacing(0)
    fmt.setTopMargin(CODE_MARGIN + Space.S)  # a margin of a code block above does not count before a table
    fmt.setBottomMargin(Space.M)
    fmt.setWidth(QTextLength())
    table.setFormat(fmt)


def _drop_stray_line(table: QTextTable) -> None:
    """Qt's reader puts an empty line before the first cell's text when a code block stood above (6.11)."""
    cell = table.cellAt(0, 0)
    first = cell.firstCursorPosition()
    if not first.block().text() and first.block() != cell.lastCursorPosition().block():
        first.deleteChar()


def _style_cell(cursor: QTextCursor, block: QTextBlock, table: QTextTable, theme: Theme) -> None:
    """Qt leaves the format of what stood above the table in its first cell."""
    fmt = QTextBlockFormat()
    fmt.setAlignment(block.blockFormat().alignment())
    cursor.setBlockFormat(fmt)
    cell = table.cellAt(block.position())
    if cell.isValid() and cell.row() == 0:
        cursor.setPosition(block.position() + block.length() - 1, QTextCursor.MoveMode.KeepAnchor)
        bold = QTextCharFormat()
        bold.setFontWeight(QFont.Weight.DemiBold)
        cursor.mergeCharFormat(bold)
