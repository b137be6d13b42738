"""A fault of ours, shown instead of swallowed: a panel over the page, with everything to copy and nothing lost."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QWidget

from ...errors import Action, ModelyardError
from ..context import Context
from ..design.tokens import Space
from ..widgets.error_panel import ErrorPanel
from ..widgets.layout import row


class FaultPanel(QWidget):
    """Lies at the top of the window until it is closed."""

    def __init__(self, window: QWidget, context: Context, error: ModelyardError) -> None:
        super().__init__(window)
        words = replace(context.words.error(error), action=Action.NONE)  # nothing to try again: the cause is ours
        panel = ErrorPanel(context.icons, words, context.services.redact)
        panel.add_close(self._leave)
        self.setLayout(row(panel, margin=Space.M))
        self._place()
        self.show()
        self.raise_()

    def _place(self) -> None:
        """In the middle of the window's upper edge, as high as its words need."""
        room = self.parentWidget().width()
        width = min(720, room - Space.HUGE)
        self.setGeometry((room - width) // 2, Space.S, width, self.layout().heightForWidth(width))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._place()
        return super().event(event)

    def _leave(self) -> None:
        self.hide()
        self.deleteLater()
