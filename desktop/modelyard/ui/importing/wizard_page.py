"""One page of the wizard. It knows three things, valid, busy and error; the wizard's frame does the rest."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ..context import Context
from ..shell.page import StateStack
from ..widgets.layout import ScrollPage, column
from .draft import Draft


class WizardPage(QWidget):
    """Signals: valid_changed() when `valid` or `next_label` changed; forward() and backward() to go on or back
    without pressing a button of the frame.

    Attributes: body, the scrolling column to fill; states, content / busy / error.
    """

    valid_changed = Signal()
    forward = Signal()
    backward = Signal()

    title = ""
    has_next = True
    has_back = True

    def __init__(self, context: Context, draft: Draft) -> None:
        super().__init__()
        self.context = context
        self.draft = draft
        self._valid = False
        self._scroll = ScrollPage()
        self.body = self._scroll.body
        self.states = StateStack(context, self._scroll)
        self.setLayout(column(self.states))

    @property
    def valid(self) -> bool:
        """Next may be pressed."""
        return self._valid

    def set_valid(self, valid: bool) -> None:
        self._valid = valid
        self.valid_changed.emit()

    @property
    def next_label(self) -> str:
        """The word on Next; empty for the usual one."""
        return ""

    def enter(self) -> None:
        """The page is shown: fill it from the draft."""

    def come_back(self) -> None:
        """The person was elsewhere in the window and the page is shown as it was left."""

    def leave(self) -> None:
        """The page is left forward: write the answers into the draft."""

    def stop(self) -> None:
        """The page is left for good: let go of what runs."""

    def scroll_to_top(self) -> None:
        self._scroll.show_top()
