"""Settings as rows: a card for each group, a row for each declared setting of it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLayout, QWidget

from ...host.settings import DECLARED, Setting, Value
from ..context import Context
from ..design.tokens import Space
from ..widgets.cards import Card
from ..widgets.labels import Text
from ..widgets.layout import column, line, row
from .fields import field_for

Keep = Callable[[str, Value], None]


class SettingRow(QWidget):
    """Title and explanation, the field beside or below them, a dividing line above all but the first."""

    def __init__(self, context: Context, setting: Setting, keep: Keep, *, divided: bool) -> None:
        super().__init__()
        self.setting = setting
        entry = context.words.entries("settings").get(setting.key, {})
        title, text = entry.get("title", setting.key), entry.get("text", "")
        field = field_for(setting, context.services.settings, context.words, keep)
        field.setAccessibleName(title)
        field.setAccessibleDescription(text)
        texts = column(Text(title), spacing=2)
        if text:
            texts.addWidget(Text(text, "caption"))
        long = isinstance(setting.default, str) and not setting.choices  # a path or an address: it gets a whole line
        self._field = None if long else field
        self._both = column(texts, field, spacing=Space.S) if long else beside(texts, field)
        self.setLayout(column(*([line()] if divided else []), self._both, spacing=Space.M))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where the field would leave its words no room, it stands below them."""
        super().resizeEvent(event)
        if self._field is None:
            return
        narrow = self.width() < 2 * max(self._field.sizeHint().width(), self._field.minimumWidth())
        ways = QBoxLayout.Direction
        self._both.setDirection(ways.TopToBottom if narrow else ways.LeftToRight)
        self._both.setSpacing(Space.S if narrow else Space.L)


def beside(words: QLayout | QWidget, *fields: QWidget) -> QHBoxLayout:
    """Words that take the room there is, controls beside them."""
    layout = row(words, *fields, spacing=Space.L)
    layout.setStretch(0, 1)
    for each in fields:
        layout.setAlignment(each, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
    return layout


class SettingCard(Card):
    """All settings of one group; those that mean nothing now are hidden."""

    def __init__(self, context: Context, group: str, keep: Keep) -> None:
        super().__init__(spacing=Space.M)
        self._settings = context.services.settings
        members = [setting for setting in DECLARED if setting.group == group]
        self._rows = [
            SettingRow(context, setting, keep, divided=bool(number)) for number, setting in enumerate(members)
        ]
        for each in self._rows:
            self.body.addWidget(each)
        self.refresh()

    def refresh(self) -> None:
        for each in self._rows:
            if wanted := each.setting.only_with:
                each.setVisible(self._settings.get(wanted[0]) in wanted[1:])
