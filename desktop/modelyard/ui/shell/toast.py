"""A short notice that goes away by itself, at the bottom of the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QWidget

from ..design.icons import Icons
from ..design.tokens import Size, Space
from ..widgets.labels import IconLabel, Text
from ..widgets.layout import row

_SECONDS = 4


class Toast(QFrame):
    def __init__(self, window: QWidget, icons: Icons) -> None:
        super().__init__(window)
        self.setObjectName("toast")
        self._text = Text("", "body", wrap=False)
        line = row(IconLabel(icons, "check", "accent", Size.ICON), self._text, spacing=Space.M, margin=Space.M)
        self.setLayout(line)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        window.installEventFilter(self)
        self.hide()

    def say(self, text: str) -> None:
        self._text.setText(text)
        self.adjustSize()
        self._place()
        self.show()
        self.raise_()
        self._timer.start(_SECONDS * 1000)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            self.adjustSize()
            self._place()
        return super().event(event)

    def _place(self) -> None:
        window = self.parentWidget()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.move((window.width() - self.width()) // 2, window.height() - self.height() - Space.XL)
