"""One undo for everything a persona is: the text's own history, and name and picture, which stand beside the text."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QTextDocument

_SAME_CHANGE_SECONDS = 1.2


@dataclass
class _Step:
    """A change beside the text, made when the text had `steps` steps behind it."""

    steps: int
    field: str
    undo: Callable[[], None]
    redo: Callable[[], None]
    when: float


class History(QObject):
    """Undo and redo over the text and what stands beside it, in the order it happened.

    Signals: changed() when there is something else to undo or redo; stepped() after an undo or redo.
    """

    changed = Signal()
    stepped = Signal()

    def __init__(self, document: QTextDocument, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._stepping = False
        document.contentsChange.connect(self._text_changed)
        document.undoAvailable.connect(lambda _can: self.changed.emit())
        document.redoAvailable.connect(lambda _can: self.changed.emit())

    def clear(self) -> None:
        self._done.clear()
        self._undone.clear()
        self._document.clearUndoRedoStacks()
        self.changed.emit()

    @property
    def can_undo(self) -> bool:
        return bool(self._done) or self._document.isUndoAvailable()

    @property
    def can_redo(self) -> bool:
        return bool(self._undone) or self._document.isRedoAvailable()

    def add(self, field: str, undo: Callable[[], None], redo: Callable[[], None]) -> None:
        """A change beside the text that has been made. Quick changes of one field count as one."""
        now, steps = time.monotonic(), self._document.availableUndoSteps()
        last = self._done[-1] if self._done else None
        if last and last.field == field and last.steps == steps and now - last.when < _SAME_CHANGE_SECONDS:
            last.redo, last.when = redo, now
        else:
            self._done.append(_Step(steps, field, undo, redo, now))
        self._undone.clear()
        self._document.clearUndoRedoStacks(QTextDocument.Stacks.RedoStack)
        self.changed.emit()

    def undo(self) -> None:
        if self._done and self._done[-1].steps >= self._document.availableUndoSteps():
            step = self._done.pop()
            self._undone.append(step)
            self._run(step.undo)
        elif self._document.isUndoAvailable():
            self._run(self._document.undo)

    def redo(self) -> None:
        if self._undone and self._undone[-1].steps <= self._document.availableUndoSteps():
            step = self._undone.pop()
            self._done.append(step)
            self._run(step.redo)
        elif self._document.isRedoAvailable():
            self._run(self._document.redo)

    def _run(self, step: Callable[[], object]) -> None:
        self._stepping = True
        try:
            step()
        finally:
            self._stepping = False
        self.stepped.emit()
        self.changed.emit()

    def _text_changed(self, _position: int, _removed: int, _added: int) -> None:
        if not self._stepping:
            self._undone.clear()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """For the fields of the form: their undo is ours."""
        if event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) and isinstance(event, QKeyEvent):
            undo, redo = event.matches(QKeySequence.StandardKey.Undo), event.matches(QKeySequence.StandardKey.Redo)
            if undo or redo:
                if event.type() == QEvent.Type.KeyPress:
                    (self.undo if undo else self.redo)()
                event.accept()
                return True
        return super().eventFilter(watched, event)
