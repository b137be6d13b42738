"""Long texts are rendered slice by slice, one slice at a time for all messages, so that the window lives meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

Slice = Callable[[], bool]
"""Renders a little; whether more is left."""


class Filling(QObject):
    """The text that came last is filled first: it is the one that is looked at."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._waiting: dict[QObject, Slice] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._next)

    def begin(self, owner: QObject, fill: Slice) -> None:
        self.forget(owner)
        self._waiting[owner] = fill
        self._timer.start()

    def forget(self, owner: QObject) -> None:
        """Its text is complete, or another one."""
        self._waiting.pop(owner, None)

    def _next(self) -> None:
        if not self._waiting:
            self._timer.stop()
            return
        owner, fill = next(reversed(self._waiting.items()))
        try:
            more = fill()
        except RuntimeError:  # the message has left the screen meanwhile
            more = False
        if not more:
            self._waiting.pop(owner, None)
