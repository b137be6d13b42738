"""The field one writes in: Enter sends, Shift+Enter begins a new line; pictures and files are pasted and dropped."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit

_MODELS = (".gguf", ".safetensors", ".bin", ".pt", ".pth", ".zip")
_LONGEST = 400_000  # characters; far beyond any conversation memory


class MessageField(QPlainTextEdit):
    """Signals: send() on Enter; dropped(QMimeData) for pictures and files; back() on Up in an empty field."""

    send = Signal()
    dropped = Signal(object)
    back = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._composing = False
        self.setPlaceholderText(self.tr("Write a message"))
        self.setAccessibleName(self.tr("Message"))
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(2)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """While Chinese is being composed, Enter belongs to the input method."""
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            if not self._composing:
                self.send.emit()
            return
        if event.key() == Qt.Key.Key_Up and not self.toPlainText() and not self._composing:
            self.back.emit()
            return
        super().keyPressEvent(event)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return carries_files(source) or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Pasted or dropped."""
        if carries_files(source):
            self.dropped.emit(source)
        elif source.hasText():
            room = _LONGEST - self.document().characterCount()
            self.insertPlainText(source.text()[: max(0, room)])


def carries_files(data: QMimeData) -> bool:
    """Pictures or files to attach. Text beside a picture (from a page or a table) counts as text."""
    return bool(attachable(data)) or (data.hasImage() and not data.hasText())


def attachable(data: QMimeData) -> list[Path]:
    """The files; none if a model or a folder is among them: that is for the import."""
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    models = any(path.suffix.lower() in _MODELS or path.is_dir() for path in paths)
    return [] if models else paths
