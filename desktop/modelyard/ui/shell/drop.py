"""Dropping files or a link anywhere on the window: an overlay says what will happen, then the import begins."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ..design.icons import Icons
from ..design.tokens import Size, Space
from ..widgets.labels import IconLabel, Text
from ..widgets.layout import column, row


def dropped_text(data: QMimeData) -> str:
    """The path or link that was dropped; empty if there is none. Of several files the first counts."""
    for url in data.urls():
        return url.toLocalFile() if url.isLocalFile() else url.toString()
    text = data.text().strip() if data.hasText() else ""
    return text if text and "\n" not in text and len(text) < 4096 else ""


class DropOverlay(QWidget):
    """Covers the window while something is dragged over it."""

    def __init__(self, window: QWidget, icons: Icons) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        title = Text(self.tr("Drop to import"), "title")
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        line = Text(self.tr("A model file, a model folder or a Hugging Face link"), "muted")
        line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        picture = row(None, IconLabel(icons, "drop", "accent", Size.ICON_HUGE), None)
        self.setLayout(column(None, picture, title, line, None, spacing=Space.M))
        self.hide()

    def cover(self) -> None:
        self.setGeometry(self.parentWidget().rect())
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self.palette().window())
        painter.setPen(QPen(self.palette().accent().color(), 2.5, Qt.PenStyle.DashLine))
        frame = self.rect().adjusted(Space.XL, Space.XL, -Space.XL, -Space.XL)
        painter.drawRoundedRect(frame, Size.RADIUS * 1.5, Size.RADIUS * 1.5)
