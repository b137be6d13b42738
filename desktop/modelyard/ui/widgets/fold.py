"""Something folded away behind a quiet button."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ..design.icons import Icons
from ..design.tokens import Size, Space
from .buttons import button
from .layout import column, row


class Fold(QWidget):
    """`content` is shown and hidden by a quiet button named `name`.

    Signals: toggled(open)."""

    toggled = Signal(bool)

    def __init__(self, icons: Icons, name: str, content: QWidget) -> None:
        super().__init__()
        self._icons = icons
        self._content = content
        self._button = button(name, self.toggle, "fold")
        icons.put(self._button, "next", "accent_text", Size.ICON - 4)
        content.hide()
        self.setLayout(column(row(self._button, None), content, spacing=Space.S))

    @property
    def open(self) -> bool:
        return not self._content.isHidden()

    def rename(self, name: str) -> None:
        if self._button.text() != name:
            self._button.setText(name)

    def toggle(self) -> None:
        self._content.setVisible(not self.open)
        self._icons.put(self._button, "down" if self.open else "next", "accent_text", Size.ICON - 4)
        self.toggled.emit(self.open)
