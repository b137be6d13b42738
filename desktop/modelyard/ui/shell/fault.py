"""A fault of ours, shown instead of swallowed: a panel over the page, with everything to copy and nothing lost."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from ...errors import Action, ModelyardError
from ..context import Context
from ..design.tokens import Space
from ..widgets.buttons import icon_button
from ..widgets.error_panel import ErrorPanel
from ..widgets.layout import row


class FaultPanel(QWidget):
    """Lies at the top of the window until it is closed."""

    def __init__(self, window: QWidget, context: Context, error: ModelyardError) -> None:
        super().__init__(window)
        words = replace(context.words.error(error), action=Action.NONE)  # nothing to try again: the cause is ours
        panel = ErrorPanel(context.icons, words, context.services.redact)
        close = icon_button(context.icons, "close", self.tr("Close"), self._leave)
        panel.layout().addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.setLayout(row(panel, margin=Space.M))
        width = min(720, window.width() - Space.HUGE)
        self.setGeometry((window.width() - width) // 2, Space.S, width, self.layout().heightForWidth(width))
        self.show()
        self.raise_()

    def _leave(self) -> None:
        self.hide()
        self.deleteLater()
