"""What an empty conversation shows: an invitation and a few first questions, or the way to a first model."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from ..context import Context
from ..design.tokens import Size, Space
from ..widgets.buttons import LayoutButton
from ..widgets.labels import IconLabel, Text
from ..widgets.layout import centred, column, row


class _Suggestion(LayoutButton):
    def __init__(self, text: str) -> None:
        super().__init__("choice", text)
        label = Text(text)
        self.setLayout(column(label, margin=Space.M))
        self.let_mouse_through()


class EmptyConversation(QWidget):
    """Signals: suggested(text)."""

    suggested = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__()
        title = Text(self.tr("What shall we talk about?"), "title")
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        line = Text(self.tr("Everything you write stays on this computer."), "muted")
        line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        ideas = row(spacing=Space.M)
        for text in (
            self.tr("Explain how a rainbow forms, in three sentences."),
            self.tr("Write a short, friendly letter to a new neighbour."),
            self.tr("Give me five ideas for a simple dinner."),
        ):
            made = _Suggestion(text)
            made.clicked.connect(lambda _checked=False, text=text: self.suggested.emit(text))
            ideas.addWidget(made, 1)
        body = column(
            None,
            row(None, IconLabel(context.icons, "sparkle", "accent", Size.ICON_HUGE), None),
            title,
            line,
            Space.M,
            ideas,
            None,
            spacing=Space.M,
        )
        self.setLayout(centred(body, bottom=Space.XL))
