"""Where list, conversation and settings do not fit beside each other, the list steps aside for the settings."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

_LEAST_LETTERS = 48  # a line of the conversation is never shorter; it grows with the size of the text


class MakingRoom(QObject):
    """Watches `view`, which holds `side` (always there), a conversation, and `panel` (comes and goes)."""

    def __init__(self, view: QWidget, side: QWidget, panel: QWidget) -> None:
        super().__init__(view)
        self._view, self._side, self._panel = view, side, panel
        for each in (view, panel):
            each.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.ShowToParent, QEvent.Type.HideToParent):
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        least = self._view.fontMetrics().horizontalAdvance("x") * _LEAST_LETTERS
        left = self._view.width() - self._panel.width() - max(self._side.minimumWidth(), self._side.sizeHint().width())
        self._side.setVisible(self._panel.isHidden() or left >= least)
