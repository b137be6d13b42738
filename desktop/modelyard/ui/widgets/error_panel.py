"""The one way an error is shown: what happened, why, a button that mends it, the technical part folded away."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QPlainTextEdit, QWidget

from ...errors import Action
from ...words.catalogue import ErrorText
from ..design.icons import Icons
from ..design.tokens import Size, Space
from .buttons import button, icon_button
from .labels import IconLabel, Text
from .layout import column, row


class ErrorPanel(QFrame):
    """Signals: action(Action) when its button is pressed."""

    action = Signal(object)

    def __init__(self, icons: Icons, words: ErrorText, redact: Callable[[str], str], parent: QWidget | None = None):
        """`redact` removes secrets from what "Copy for help" copies."""
        super().__init__(parent)
        self._icons = icons
        self.setObjectName("errorPanel")
        self.setAccessibleName(words.title)
        self.setAccessibleDescription(words.reason)
        self._report = redact(f"{words.title}\n{words.reason}\n{words.details}")
        title = Text(words.title, "strong", selectable=True)
        reason = Text(words.reason, "body", selectable=True)
        if not words.reason:
            reason.hide()  # (shown before it has a parent it would be a window of its own)
        self._details = QPlainTextEdit(redact(words.details))
        self._details.setObjectName("details")
        self._details.setReadOnly(True)
        self._details.setTabChangesFocus(True)
        self._details.setAccessibleName(self.tr("Technical details"))
        self._details.setFixedHeight(88)
        self._details.hide()
        alone = words.action is Action.NONE
        self._unfold = button(self.tr("Details"), self._toggle, "link" if alone else "quiet")
        self._copy = button(self.tr("Copy for help"), self._copy_report, "quiet")
        buttons = row(spacing=Space.S)
        if not alone:
            self.button = button(words.action_label, lambda: self.action.emit(words.action), "primary")
            buttons.addWidget(self.button)
        for each in (self._unfold, self._copy):
            buttons.addWidget(each)
        buttons.addStretch(1)
        picture = IconLabel(icons, "error", "bad", Size.ICON)
        self._head = row(title)
        self._head.setStretch(0, 1)
        below = column(reason, buttons, self._details, spacing=Space.S)
        grid = QGridLayout()
        grid.setContentsMargins(Space.L, Space.L, Space.L, Space.L)
        grid.setHorizontalSpacing(Space.M)
        grid.setVerticalSpacing(Space.S)
        grid.setColumnStretch(1, 1)
        grid.addWidget(picture, 0, 0)
        grid.addLayout(self._head, 0, 1)
        grid.addLayout(below, 1, 1)
        self.setLayout(grid)

    def add_close(self, on_close: Callable[[], object]) -> None:
        """A cross in the corner, for an error that may be put aside."""
        close = icon_button(self._icons, "close", self.tr("Close"), on_close, size=16)
        self._head.addWidget(close)

    def wait(self, line: str) -> None:
        """What its button began is under way: the button says so and cannot be pressed again."""
        self.button.setText(line)
        self.button.setEnabled(False)

    def _toggle(self) -> None:
        self._details.setVisible(self._details.isHidden())

    def _copy_report(self) -> None:
        QGuiApplication.clipboard().setText(self._report)
        self._copy.setText(self.tr("Copied"))
