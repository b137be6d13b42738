"""One text, rendered: Markdown without HTML, nothing ever loaded, links only told, not opened.

While it grows, finished blocks are written once and only the open rest anew (facts/qt.md §6, recipe G).
"""

from __future__ import annotations

import math
import time

from PySide6.QtCore import QByteArray, QMimeData, QRectF, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QGuiApplication, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QTextBrowser

from .markdown.growing import LONGEST, GrowingText
from .markdown.parsing import parse, plain_blocks
from .rendering.code_blocks import CodeBlocks
from .rendering.formula_object import FormulaObject
from .rendering.look import QUOTE_LEVEL, Look
from .rendering.selection import selected_source, selected_text
from .rendering.writer import Writer

_REST = 8  # after a rendering the window does other things at least so many times as long
_SLICE = 2_000  # characters of a long text that are rendered at once
FIRST_SHOWN = 60_000  # characters of a very long text that are shown at once


class MarkdownView(QTextBrowser):
    """As high as its text, without scroll bars.

    Signals: link(QUrl) when a link is pressed; more() when only the beginning of a very long text is shown.
    """

    link = Signal(QUrl)
    more = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._growing = GrowingText()
        self._waiting = ""  # came, not yet rendered
        self._free_at = 0.0
        self._shown = 0  # characters of the text that are rendered, if not all
        self._complete = True
        self._height = (-1, -1)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        bar = self.verticalScrollBar()
        bar.valueChanged.connect(lambda value: bar.setValue(0) if value else None)  # the conversation scrolls
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self._formula = FormulaObject(look, self.document())
        self._formula.register(self.document())
        self._formula.ratio = self.devicePixelRatioF()
        self._writer = Writer(self.document(), look, self._formula)
        self._code = CodeBlocks(self, self._writer, look, self.tr("Copy code"))
        self.anchorClicked.connect(self.link)
        look.changed.connect(self._render_anew)
        look.formulas.ready.connect(self._formulas_ready)

    @property
    def text(self) -> str:
        """The Markdown source, all of it."""
        return self._growing.text + self._waiting

    @property
    def waiting(self) -> bool:
        """Whether something came that is not rendered yet."""
        return bool(self._waiting)

    def plain_text(self) -> str:
        """What one reads, without marks."""
        cursor = self.textCursor()
        cursor.select(cursor.SelectionType.Document)
        return selected_text(cursor)

    @property
    def hidden_characters(self) -> int:
        """How much of a very long text is not shown yet."""
        return max(0, len(self._growing.text) - self._shown) if self._shown else 0

    def loadResource(self, kind: int, name: QUrl) -> QByteArray:
        """Nothing is ever loaded: neither files nor pictures from the network. (For None Qt would read the file.)"""
        return QByteArray()

    # --- text ------------------------------------------------------------------------------------------------------
    def set_text(self, text: str) -> None:
        """Renders a whole text, a long one slice by slice; of a very long one only the beginning."""
        self._begin()
        self._complete = True
        if len(text) > LONGEST:
            self._growing.text = text
            self._shown = FIRST_SHOWN
            self._writer.write(plain_blocks(text[:FIRST_SHOWN]))
        elif len(text) > 2 * _SLICE:
            self._waiting = text
            self._fill()
            self._look.filling.begin(self, self._fill)
            return
        else:
            self._growing.text = text
            self._writer.write(parse(text).blocks)
        self._changed()
        self._code.make_buttons()

    def _begin(self) -> None:
        """Nothing is rendered."""
        self._look.filling.forget(self)
        self._growing = GrowingText()
        self._waiting = ""
        self._shown = 0
        self._writer.clear()

    def _fill(self) -> bool:
        """The next slice of a long text; whether more is left."""
        end = self._waiting.find("\n", _SLICE) + 1 or len(self._waiting)
        end = min(end, 2 * _SLICE)
        rest = self._waiting[end:]
        self._waiting = self._waiting[:end]
        self._render_waiting()
        self._waiting = rest
        if not rest:
            self.finish()
        return bool(rest)

    def show_more(self) -> None:
        """The next part of a very long text."""
        start = self._shown
        self._shown = min(len(self._growing.text), start + 2 * FIRST_SHOWN)
        self._writer.write(plain_blocks(self._growing.text[start : self._shown]))
        self._changed()

    def append(self, text: str) -> None:
        """Adds to a growing text. What costs long to render is rendered less often."""
        self._complete = False
        self._waiting += text
        if time.monotonic() >= self._free_at:
            self._render_waiting()

    def go_on(self) -> None:
        """A text that was complete grows again."""
        text = self.text
        self._begin()
        self._complete = False
        self.append(text)

    def finish(self) -> None:
        """The text is complete."""
        self._complete = True
        self._render_waiting()
        self._writer.write(self._growing.end().finished)
        self._changed()
        self._code.make_buttons()

    def _render_waiting(self) -> None:
        if not self._waiting:
            return
        worked = time.thread_time()
        text, self._waiting = self._waiting, ""
        if len(self._growing.text) <= LONGEST:
            growth = self._growing.add(text)
            self._writer.write(growth.finished, growth.open)
        else:
            self._growing.text += text  # far beyond what one reads along: shown part by part afterwards
            self._shown = self._shown or len(self._growing.text) - len(text)
            self.more.emit()
        self._changed()
        self._free_at = time.monotonic() + _REST * (time.thread_time() - worked)

    def _render_anew(self) -> None:
        """The look changed."""
        if not self.text:
            return
        if self._complete:
            self.set_text(self.text)
        else:
            self.go_on()

    def _formulas_ready(self) -> None:
        document = self.document()
        if "\ufffc" in document.toRawText():
            self._formula.settle(document)
            self._changed()
            self.viewport().update()

    # --- geometry ------------------------------------------------------------------------------------------------
    def _changed(self) -> None:
        self._height = (-1, -1)
        self.updateGeometry()
        self._code.place_buttons()

    def heightForWidth(self, width: int) -> int:
        if self._height[0] != width:
            document = self.document()
            for _ in range(2):  # told that its text was laid out, Qt lays it out once more, for the width of before
                if document.textWidth() != width:
                    document.setTextWidth(width)
                bottom = document.size().height()
            bottom = max(bottom, self._code.bottom)  # Qt leaves out the margin below the last line of code
            if document.size().width() > width:
                bottom += self.horizontalScrollBar().sizeHint().height()
            self._height = (width, math.ceil(bottom) + 3)
        return self._height[1]

    def sizeHint(self) -> QSize:
        return QSize(400, 24)  # heightForWidth says the height; asking the text here would lay it out twice

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 8)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._code.place_buttons()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The conversation scrolls, not the message; but a wide table to its sides."""
        if abs(event.angleDelta().x()) > abs(event.angleDelta().y()):
            super().wheelEvent(event)
        else:
            event.ignore()

    # --- drawing -------------------------------------------------------------------------------------------------
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        self._paint_quotes(painter, event)
        self._code.paint(painter, event)
        painter.end()
        super().paintEvent(event)

    def _paint_quotes(self, painter: QPainter, event: QPaintEvent) -> None:
        """Bars at the left of what is quoted."""
        layout = self.document().documentLayout()
        left = 2 - self.horizontalScrollBar().value()
        block = self.cursorForPosition(event.rect().topLeft()).block()
        colour = QColor(self._look.theme.colours.border_strong)
        while block.isValid():
            room = layout.blockBoundingRect(block)
            if room.top() > event.rect().bottom():
                break
            for level in range(int(block.blockFormat().property(QUOTE_LEVEL) or 0)):
                painter.fillRect(QRectF(left + 16 * level, room.top(), 3, room.height()), colour)
            block = block.next()

    # --- copying -------------------------------------------------------------------------------------------------
    def createMimeDataFromSelection(self) -> QMimeData:
        data = QMimeData()
        data.setText(selected_text(self.textCursor()))
        return data

    def selected_markdown(self) -> str:
        """The source of the selected lines."""
        return selected_source(self.textCursor(), self._growing.text, self._writer.lines)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        clipboard = QGuiApplication.clipboard()
        chosen = self.textCursor().hasSelection()
        menu.addAction(self.tr("Copy"), self.copy).setEnabled(chosen)
        markdown = menu.addAction(
            self.tr("Copy as Markdown"), lambda: clipboard.setText(self.selected_markdown() if chosen else self.text)
        )
        markdown.setEnabled(bool(self.text))
        address = self.anchorAt(event.pos())
        if address:
            menu.addAction(self.tr("Copy link address"), lambda: clipboard.setText(address))
        menu.addSeparator()
        menu.addAction(self.tr("Select all"), self.selectAll)
        menu.exec(event.globalPos())
        menu.deleteLater()
