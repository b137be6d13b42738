"""A calm line above the field: something to know about this conversation, perhaps with a way on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame

from ..design.icons import Icons
from ..design.tokens import Size, Space
from ..widgets.buttons import button, icon_button
from ..widgets.labels import IconLabel, Text
from ..widgets.layout import row


class NoticeBar(QFrame):
    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self.setObjectName("notice")
        self._act: Callable[[], object] = lambda: None
        self._text = Text("")
        self._button = button("", lambda: self._act(), "quiet")
        close = icon_button(icons, "close", self.tr("Dismiss"), self.hide, size=14)
        line = row(IconLabel(icons, "warning", "warn", Size.ICON), self._text, self._button, close, spacing=Space.M)
        line.setContentsMargins(Space.M, Space.S, Space.S, Space.S)
        line.setStretch(1, 1)
        self.setLayout(line)
        self.hide()

    @property
    def text(self) -> str:
        return "" if self.isHidden() else self._text.text()

    def say(self, text: str, label: str = "", act: Callable[[], object] = lambda: None) -> None:
        """`label` and `act`: a button. "" hides the bar."""
        self._text.setText(text)
        self._button.setText(label)
        self._button.setVisible(bool(label))
        self._act = act
        self.setVisible(bool(text))
