"""Framed surfaces."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLayout, QWidget

from ..design.icons import Icons
from ..design.tokens import Size, Space
from .labels import IconLabel, Text
from .layout import Item, column, row


class Card(QFrame):
    """A rounded surface holding a column of items."""

    def __init__(self, *items: Item, spacing: int = Space.M, kind: str = "card") -> None:
        super().__init__()
        self.setObjectName(kind)
        self.body = column(*items, spacing=spacing, margin=Space.L)
        self.setLayout(self.body)


class Notice(Card):
    """A calm warning: something to know, nothing to do."""

    def __init__(self, icons: Icons, text: str) -> None:
        super().__init__(kind="notice")
        self.body.setContentsMargins(Space.M, Space.S, Space.M, Space.S)
        label = Text(text)
        line = row(IconLabel(icons, "warning", "warn", Size.ICON), label, spacing=Space.M)
        line.setStretch(1, 1)
        line.setAlignment(line.itemAt(0).widget(), Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(line)


class EmptyState(QWidget):
    """What an empty view says: a picture, what would stand here, and a way to begin."""

    def __init__(self, icons: Icons, icon: str, title: str, text: str, *actions: QWidget) -> None:
        super().__init__()
        picture = IconLabel(icons, icon, "accent", Size.ICON_HUGE)
        heading = Text(title, "title")
        heading.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        line = Text(text, "muted")
        line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        line.setMaximumWidth(460)
        line.setMinimumWidth(320)
        buttons: QLayout = row(None, *actions, None, spacing=Space.M)
        self.setLayout(
            column(
                None,
                row(None, picture, None),
                heading,
                row(None, line, None),
                Space.S,
                buttons,
                None,
                spacing=Space.M,
                margin=Space.XL,
            )
        )
