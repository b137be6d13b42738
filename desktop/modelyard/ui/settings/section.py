"""One section of the settings: headings and cards in a column that scrolls."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ..context import Context
from ..design.tokens import Space
from ..widgets.labels import Text
from ..widgets.layout import ScrollPage
from .rows import Keep, SettingCard

WIDTH = 728  # all that the page leaves beside the names of the sections


class Section(ScrollPage):
    """Signals: shown(), each time it comes to the front."""

    shown = Signal()

    def __init__(self, context: Context, name: str, keep: Keep) -> None:
        super().__init__(WIDTH)
        self.widget().layout().setContentsMargins(Space.XL, Space.S, 0, Space.XXL)  # in line with names and header
        self.name = name
        self.setAccessibleName(name)
        self._context = context
        self._keep = keep
        self._cards: list[SettingCard] = []

    def add_group(self, group: str) -> SettingCard:
        """The heading and the card of a declared group."""
        card = SettingCard(self._context, group, self._keep)
        self._cards.append(card)
        self.add(self._context.words.label("setting_groups", group), card)
        return card

    def add(self, heading: str, *widgets: QWidget) -> None:
        self.body.addWidget(Text(heading, "heading"))
        for each in widgets:
            self.body.addWidget(each)

    def finish(self) -> None:
        self.body.addStretch(1)

    def refresh(self) -> None:
        """After a setting changed: others may mean something now."""
        for each in self._cards:
            each.refresh()
