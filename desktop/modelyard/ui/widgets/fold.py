"""Something folded away behind a quiet button."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ..design.icons import Icons
from ..design.tokens import Size, Space
from .buttons import button
from .layout import column, row


class Fold(QWidget):
    """Something shown and hidden by a quiet button named `name`. `content` may be a function: it is then made when
    first shown.

    Signals: toggled(open).
    """

    toggled = Signal(bool)

    def __init__(self, icons: Icons, name: str, content: QWidget | Callable[[], QWidget]) -> None:
        super().__init__()
        self._icons = icons
        self._make = None if isinstance(content, QWidget) else content
        self._content = content if isinstance(content, QWidget) else QWidget()
        self._button = button(name, self.toggle, "fold")
        icons.put(self._button, "next", "accent_text", Size.ICON - 4)
        self._content.hide()
        self._body = column(row(self._button, None), self._content, spacing=Space.S)
        self.setLayout(self._body)

    @property
    def open(self) -> bool:
        return not self._content.isHidden()

    def rename(self, name: str) -> None:
        if self._button.text() != name:
            self._button.setText(name)

    def toggle(self) -> None:
        if self._make is not None:
            made, self._make = self._make(), None
            made.hide()
            self._body.replaceWidget(self._content, made)
            self._content.deleteLater()
            self._content = made
        self._content.setVisible(not self.open)
        self._icons.put(self._button, "down" if self.open else "next", "accent_text", Size.ICON - 4)
        self.toggled.emit(self.open)
