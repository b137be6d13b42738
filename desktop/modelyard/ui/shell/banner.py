"""A line across the top of the window about something that happened while nobody looked, with a button."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QVBoxLayout

from ..design.icons import Icons
from ..design.tokens import Size, Space
from ..widgets.buttons import button, icon_button
from ..widgets.labels import IconLabel, Text
from ..widgets.layout import row


class Banner(QFrame):
    """Goes away when its button or its cross is pressed."""

    def __init__(self, icons: Icons, text: str, action: str, on_action: Callable[[], object] | None) -> None:
        super().__init__()
        self.setObjectName("banner")
        self.setAccessibleName(text)
        label = Text(text)
        line = row(IconLabel(icons, "info", "warn", Size.ICON), label, spacing=Space.M)
        line.setContentsMargins(Space.XL, Space.S, Space.M, Space.S)
        line.setStretch(1, 1)
        if on_action is not None:
            line.addWidget(button(action, lambda: (self._leave(), on_action())))
        line.addWidget(icon_button(icons, "close", self.tr("Close"), self._leave))
        self.setLayout(line)

    def _leave(self) -> None:
        self.hide()
        self.deleteLater()


class Banners(QVBoxLayout):
    """Where banners stand: above the pages, newest below."""

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self._icons = icons
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(0)

    def say(self, text: str, action: str = "", on_action: Callable[[], object] | None = None) -> None:
        self.addWidget(Banner(self._icons, text, action, on_action))
