"""One answer, rendered: Markdown without HTML, no picture or file ever loaded, links shown before they are opened.

While an answer grows, finished blocks are rendered once and only the open tail anew (facts/qt.md §6, recipe G).
"""

from __future__ import annotations

import re
import time

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextDocumentFragment,
)
from PySide6.QtWidgets import QSizePolicy, QTextBrowser, QToolButton

from ..design.theme import Theme
from ..design.tokens import Size, Space
from ..widgets.buttons import icon_button
from .blocks import finished_length
from .document_style import CODE_HEAD, CODE_MARGIN, CodeRange, code_ranges, code_text, is_quote, style

_FEATURES = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
_LONGEST_RENDERED = 200_000  # characters; a longer answer is shown as plain text
_LONGEST_TAIL = 8_000  # an open block longer than this is committed as it stands
_LONGEST_LINE = 2_000  # characters; a longer line is broken where it is shown as plain text: laying it out takes long
_LONGEST_WAIT = 1.0  # seconds between two drawings of a growing answer
_MOST_BUTTONS = 60


class MarkdownView(QTextBrowser):
    """Signals: link(QUrl) when a link is pressed; nothing is opened here."""

    link = Signal(QUrl)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._text = ""
        self._finished = 0  # characters rendered for good
        self._start = 0  # document position where the open tail begins
        self._not_before = 0.0  # when the growing answer may be drawn again
        self._codes: list[CodeRange] = []
        self._buttons: list[QToolButton] = []
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        self.anchorClicked.connect(self.link)
        theme.changed.connect(self._restyle)

    @property
    def text(self) -> str:
        """The Markdown source."""
        return self._text

    def loadResource(self, kind: int, name: QUrl) -> None:
        """Nothing is ever loaded: neither files nor pictures from the network."""
        return

    def set_text(self, text: str) -> None:
        """Renders a whole answer."""
        self._text = text
        self._finished = len(text)
        if len(text) > _LONGEST_RENDERED:
            self.setPlainText(_short_lines(text))
            self._codes = []
        else:
            document = self.document()
            document.setMarkdown(text, _FEATURES)
            style(document, self._theme)
            self._codes = code_ranges(document)
        self._make_buttons()
        self._fit()

    def append(self, text: str) -> None:
        """Adds to a growing answer. What is costly to draw is drawn less often: never more than a third of the time."""
        self._text += text
        begun = time.monotonic()
        if begun >= self._not_before:
            self.catch_up()
            self._not_before = time.monotonic() + min(_LONGEST_WAIT, 2 * (time.monotonic() - begun))

    def catch_up(self) -> None:
        """Draws what was added and not drawn yet."""
        if len(self._text) > _LONGEST_RENDERED:
            self._put(self._text[self._finished :], plain=True)
            self._finished = len(self._text)
            return
        tail = self._text[self._finished :]
        cut = finished_length(tail)
        if not cut and len(tail) > _LONGEST_TAIL:
            cut = len(tail)
        self._drop_tail()
        if cut:
            self._put(tail[:cut])
            self._finished += cut
            self._start = self.document().characterCount() - 1
        if tail[cut:].strip():
            self._put(tail[cut:])
        self._codes = code_ranges(self.document())

    def finish(self) -> None:
        """The answer is complete: one full rendering sets numbering and tables right."""
        self.set_text(self._text)

    def _drop_tail(self) -> None:
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._start)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()

    def _put(self, text: str, *, plain: bool = False) -> None:
        """Renders `text` behind what is there."""
        document = self.document()
        cursor = QTextCursor(document)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if plain:
            cursor.insertText(_short_lines(text))
        elif cursor.atStart():
            document.setMarkdown(text, _FEATURES)
            style(document, self._theme)
        else:
            block = cursor.blockNumber()
            cursor.insertFragment(_fragment(text))
            style(document, self._theme, block + 1)

    def _restyle(self) -> None:
        if self._text:
            self.set_text(self._text)

    # --- geometry ------------------------------------------------------------------------------------------------
    def _fit(self) -> None:
        height = int(self.document().size().height()) + 2
        if height != self.height():
            self.setFixedHeight(max(height, 8))
        if self._buttons:
            QTimer.singleShot(0, self, self._place_buttons)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def wheelEvent(self, event: QEvent) -> None:
        event.ignore()  # the conversation scrolls, not the message

    # --- code ----------------------------------------------------------------------------------------------------
    def _code_frame(self, code: CodeRange) -> QRectF:
        document, layout = self.document(), self.document().documentLayout()
        first = layout.blockBoundingRect(document.findBlockByNumber(code.first))
        last = layout.blockBoundingRect(document.findBlockByNumber(code.last))
        top = first.top() - CODE_HEAD
        return QRectF(0.5, top, self.viewport().width() - 1.0, last.bottom() + CODE_MARGIN - top)

    def _paint_quotes(self, event: QPaintEvent) -> None:
        """A bar at the left of what is quoted."""
        layout = self.document().documentLayout()
        painter = QPainter(self.viewport())
        block = self.cursorForPosition(event.rect().topLeft()).block()
        while block.isValid():
            room = layout.blockBoundingRect(block)
            if room.top() > event.rect().bottom():
                break
            if is_quote(block):
                bar = QRectF(2, room.top(), 3, room.height())
                painter.fillRect(bar, QColor(self._theme.colours.border_strong))
            block = block.next()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._paint_quotes(event)
        if self._codes:
            colours = self._theme.colours
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            font = self.font()
            font.setPointSizeF(self._theme.point_size("caption"))
            painter.setFont(font)
            for code in self._codes:
                frame = self._code_frame(code)
                if not frame.intersects(QRectF(event.rect())):
                    continue
                painter.setPen(QColor(colours.border))
                painter.setBrush(QColor(colours.code))
                painter.drawRoundedRect(frame, Size.RADIUS_SMALL, Size.RADIUS_SMALL)
                painter.setPen(QColor(colours.muted))
                painter.drawText(frame.topLeft() + QPointF(CODE_MARGIN, CODE_HEAD - Space.S), code.language[:30])
            painter.end()
        super().paintEvent(event)

    def _make_buttons(self) -> None:
        for old in self._buttons:
            old.hide()
            old.deleteLater()
        self._buttons = []
        for code in self._codes[:_MOST_BUTTONS]:
            made = icon_button(self._theme.icons, "copy", self.tr("Copy code"), size=16)
            made.clicked.connect(lambda _checked=False, code=code: self._copy(code))
            made.setParent(self.viewport())
            made.setCursor(Qt.CursorShape.ArrowCursor)
            made.show()
            self._buttons.append(made)
        self._place_buttons()

    def _place_buttons(self) -> None:
        for made, code in zip(self._buttons, self._codes, strict=False):
            frame = self._code_frame(code)
            made.adjustSize()
            made.move(int(frame.right()) - made.width() - 2, int(frame.top()) + 1)

    def _copy(self, code: CodeRange) -> None:
        QGuiApplication.clipboard().setText(code_text(self.document(), code))

    def copy_all(self) -> None:
        """The whole answer as Markdown."""
        QGuiApplication.clipboard().setText(self._text)


def _fragment(text: str) -> QTextDocumentFragment:
    """Rendered Markdown to put behind other text. Inserting joins the first line of a fragment to the line before
    it, with that line's format; so an empty line goes first."""
    document = QTextDocument()
    document.setMarkdown(text, _FEATURES)
    cursor = QTextCursor(document)
    cursor.insertBlock()
    cursor.setPosition(0)
    cursor.setBlockFormat(QTextBlockFormat())
    return QTextDocumentFragment(document)


def _short_lines(text: str) -> str:
    return re.sub(rf"[^\n]{{{_LONGEST_LINE}}}", "\\g<0>\n", text)
