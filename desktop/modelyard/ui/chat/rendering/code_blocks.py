"""What stands around the code blocks of a text: a ground with the name of the language, and a button that copies."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QTextBrowser, QToolButton

from ...design.tokens import Size, Space
from ...widgets.buttons import icon_button
from .look import CODE_MARGIN, Look
from .writer import CodeFrame, Writer

_MOST_BUTTONS = 60
_BUTTONS_AT_ONCE = 6


class CodeBlocks(QObject):
    """Of the text that `writer` writes into `view`. `copy_words`: the name of the buttons."""

    def __init__(self, view: QTextBrowser, writer: Writer, look: Look, copy_words: str) -> None:
        super().__init__(view)
        self._view = view
        self._writer = writer
        self._look = look
        self._copy_words = copy_words
        self._buttons: list[QToolButton] = []
        view.horizontalScrollBar().valueChanged.connect(self.place_buttons)  # shown below tables that are too wide

    def frame(self, code: CodeFrame) -> QRectF:
        """Its place in the viewport."""
        document, layout = self._view.document(), self._view.document().documentLayout()
        first = layout.blockBoundingRect(document.findBlockByNumber(code.first))
        last = layout.blockBoundingRect(document.findBlockByNumber(code.last))
        top = first.top() - self._look.code_head
        left = self._look.left_of(code.code.place)
        width = self._view.viewport().width() - left - 1.0
        shifted = left + 0.5 - self._view.horizontalScrollBar().value()
        return QRectF(shifted, top, width, last.bottom() + CODE_MARGIN - top)

    @property
    def bottom(self) -> float:
        """The lower edge of the last one; 0 without any."""
        return self.frame(self._writer.codes[-1]).bottom() + 1 if self._writer.codes else 0.0

    def paint(self, painter: QPainter, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self._view.font()
        font.setPointSizeF(theme.point_size("caption"))
        painter.setFont(font)
        for code in self._writer.codes:
            frame = self.frame(code)
            if not frame.intersects(QRectF(event.rect())):
                continue
            painter.setPen(QColor(theme.colours.border))
            painter.setBrush(QColor(theme.colours.code))
            painter.drawRoundedRect(frame, Size.RADIUS_SMALL, Size.RADIUS_SMALL)
            painter.setPen(QColor(theme.colours.muted))
            painter.drawText(frame.topLeft() + QPointF(CODE_MARGIN, self._look.code_head - Space.S), code.code.language)

    def make_buttons(self) -> None:
        """For the first blocks of the text as it is now; a few at once."""
        while len(self._buttons) > len(self._writer.codes):
            self._buttons.pop().deleteLater()
        wanted = min(_MOST_BUTTONS, len(self._writer.codes))
        for _ in range(min(_BUTTONS_AT_ONCE, wanted - len(self._buttons))):
            number = len(self._buttons)
            made = icon_button(self._look.theme.icons, "copy", self._copy_words, size=16)
            made.clicked.connect(lambda _checked=False, number=number: self._copy(number))
            made.setParent(self._view.viewport())
            made.setCursor(Qt.CursorShape.ArrowCursor)
            made.show()
            self._buttons.append(made)
        self.place_buttons()
        if len(self._buttons) < wanted:
            QTimer.singleShot(5, self, self.make_buttons)

    def place_buttons(self) -> None:
        for made, code in zip(self._buttons, self._writer.codes, strict=False):
            frame = self.frame(code)
            size = made.sizeHint()
            made.setGeometry(int(frame.right()) - size.width() - 2, int(frame.top()) + 1, size.width(), size.height())

    def _copy(self, number: int) -> None:
        QGuiApplication.clipboard().setText(self._writer.codes[number].code.text)
