"""Text. Always plain text: names of files and models come from outside and must never be read as markup."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ..design.icons import Icons


class Text(QLabel):
    """A label in a role of the type scale: display, title, heading, strong, body, muted, caption, bad."""

    def __init__(self, text: str = "", role: str = "body", *, wrap: bool = True, selectable: bool = False) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setWordWrap(wrap)
        if wrap:
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        if selectable:
            self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)


class ElidedText(Text):
    """One line that shortens in the middle instead of pushing its neighbours; the whole text is its tooltip."""

    def __init__(self, text: str = "", role: str = "body") -> None:
        super().__init__(text, role, wrap=False)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(40)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        room = self.contentsRect()
        shown = QFontMetrics(self.font()).elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room.width())
        self.setToolTip(self.text() if shown != self.text() else "")
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(room, int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), shown)

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(self.text()) + 2, metrics.height() + 2)


class Pill(QLabel):
    """A short word in a coloured capsule. Tones: good, warn, bad, accent, neutral."""

    def __init__(self, text: str, tone: str) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)


class IconLabel(QLabel):
    """One of our icons as a picture. Decoration: the text beside it says the same."""

    def __init__(self, icons: Icons, name: str, role: str = "muted", size: int = 20) -> None:
        super().__init__()
        self._icons = icons
        self._size = size
        icons.put(self, name, role, size)

    def show_icon(self, name: str, role: str) -> None:
        self._icons.put(self, name, role, self._size)


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Sets a property that the style sheet looks at, and has the widget styled anew."""
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
