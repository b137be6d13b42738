"""The Modelfile text being edited: the one truth behind text editor and form, with one history of changes."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QTextCursor, QTextDocument
from PySide6.QtWidgets import QPlainTextDocumentLayout

from ...errors import ModelyardError
from ...modelfile.document import Document, Edit
from ...modelfile.persona import Persona
from ...modelfile.sidecar import exact_to_json
from ...modelfile.writing import edits_for, losses_of
from ..background import Call, in_background
from .positions import Positions
from .reading import Reading, joined, read, settled, trimmed

_SMALL = 20_000  # characters that are read at once without being felt
_SOON_MS = 120
_SAME_CHANGE_SECONDS = 1.2


class Source(QObject):
    """Small texts are read on the spot, large ones beside the window's thread; then `reading` lags behind a little.

    Signals: edited() at every change of the text; read() when `reading` is new.
    Attributes: text_document, for the editor; reading; positions.
    """

    edited = Signal()
    read = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.text_document = QTextDocument(self)
        self.text_document.setDocumentLayout(QPlainTextDocumentLayout(self.text_document))
        self.text_document.contentsChange.connect(self._take)
        self.reading = Reading(Document(()), Persona())
        self.positions = Positions()
        self._document = self.reading.document
        self._pending: list[Edit] = []
        self._exact: dict[str, Any] | None = None
        self._call: Call | None = None
        self._last = ("", 0.0)
        self._loading = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SOON_MS)
        self._timer.timeout.connect(self._read)

    # --- the whole text --------------------------------------------------------------------------------------------

    def load(self, text: str, persona: Persona) -> None:
        """Another text. `persona`: what it says, exactly. History begins anew."""
        self._stop()
        self._loading = True
        self.text_document.setPlainText(text)
        self._loading = False
        text = plain(self.text_document)
        self.positions = Positions(text)
        self.text_document.setModified(False)
        self._exact = exact_to_json(persona) if losses_of(persona) else None
        self._last = ("", 0.0)
        if len(text) <= _SMALL:
            self._document = Document.of(text)
            self._pending = []
            self._read()
        else:
            self._document = Document(())
            self._pending = [Edit(0, 0, text)]
            self.reading = Reading(self._document, persona)
            self.read.emit()
            self._read()
        self.edited.emit()

    def text(self) -> str:
        return plain(self.text_document)

    @property
    def settled(self) -> bool:
        """`reading` says what the text says."""
        return self.current and self.reading.document is self._document

    @property
    def current(self) -> bool:
        """`document` is cut from the text as it stands; what it says may not be read yet."""
        return not self._pending and self._call is None

    @property
    def document(self) -> Document:
        return self._document

    def settle(self) -> Reading:
        """Reads now what is not yet read."""
        if not self.settled:
            self._stop()
            self._document = settled(self._document, self._pending) if self._pending else self._document
            self._pending = []
            self._keep(read(self._document, self._exact))
        return self.reading

    def replace_all(self, text: str) -> None:
        """Another text as one step of history."""
        self.settle()
        before = self._document.text
        edit = trimmed(Edit(0, len(before), text), before)
        if before != text:
            self._write([edit], "")

    def catch_up(self) -> None:
        """Reads a small text at once, for those who should not see the form lag behind."""
        if self.positions.length <= _SMALL:
            self._timer.stop()
            self._read()

    # --- changes by the form ---------------------------------------------------------------------------------------

    def say(self, field: str, persona: Persona) -> None:
        """Changes the text so that it says `persona`, as little as possible. Changes of one `field` that follow each
        other quickly are undone together."""
        self.settle()
        if persona == self.reading.persona:
            return
        exact = exact_to_json(persona) if losses_of(persona) else None
        edits = edits_for(self._document, persona)
        self._exact = exact
        if edits:
            text = self._document.text
            self._write([trimmed(edit, text) for edit in edits], field)
        self._stop()
        self._read()

    def _write(self, edits: list[Edit], field: str) -> None:
        cursor = QTextCursor(self.text_document)
        last, when = self._last
        if field == last and time.monotonic() - when < _SAME_CHANGE_SECONDS:
            cursor.joinPreviousEditBlock()
        else:
            cursor.beginEditBlock()
        for edit in sorted(edits, key=lambda edit: (edit.start, edit.stop), reverse=True):
            start, stop = self.positions.unit(edit.start), self.positions.unit(edit.stop)
            cursor.setPosition(start)
            cursor.setPosition(stop, QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText(edit.text)
        cursor.endEditBlock()
        self._last = (field, time.monotonic())

    # --- changes of the text ---------------------------------------------------------------------------------------

    def _take(self, position: int, _removed: int, added: int) -> None:
        """The counts that Qt gives may hold the invisible end of the text: only their difference is sure."""
        if self._loading:
            return
        length = self.text_document.characterCount() - 1
        added = min(added, length - position)
        removed = self.positions.length - length + added
        if removed < 0:
            added, removed = added - removed, 0
        text = _between(self.text_document, position, position + added)
        start, stop = self.positions.character(position), self.positions.character(position + removed)
        self.positions.edited(position, removed, text)
        edit = Edit(start, stop, text)
        self._last = ("", 0.0)
        if not self._pending and self._call is None and length <= _SMALL:
            self._document = self._document.apply(edit)
        elif self._pending and (whole := joined(self._pending[-1], edit)):
            self._pending[-1] = whole
        else:
            self._pending.append(edit)
        self._timer.start()
        self.edited.emit()

    def _read(self) -> None:
        if self._call is not None:
            return
        document, edits, exact = self._document, self._pending, self._exact
        self._pending = []
        if not edits and self.positions.length <= _SMALL:
            self._keep(read(document, exact))
            return
        self._call = in_background(
            self, lambda _token: read(settled(document, edits), exact), self._arrived, self._failed
        )

    def _arrived(self, reading: Reading) -> None:
        self._call = None
        self._document = reading.document
        self._keep(reading)
        if self._pending:
            self._timer.start()

    def _failed(self, error: ModelyardError) -> None:
        raise error  # a fault of ours: the last net tells it

    def _keep(self, reading: Reading) -> None:
        self.reading = reading
        self.read.emit()

    def _stop(self) -> None:
        """Lets a reading go that is under way; what it was given is read anew from the text."""
        self._timer.stop()
        if self._call is not None:
            self._call.cancel()
            self._call = None
            self._document, self._pending = Document(()), [Edit(0, 0, self.text())]


def plain(document: QTextDocument) -> str:
    """The text as it is: QTextDocument.toPlainText would turn non-breaking spaces into plain ones."""
    return document.toRawText().replace("\u2029", "\n")


def _between(document: QTextDocument, start: int, stop: int) -> str:
    if start >= stop:
        return ""
    cursor = QTextCursor(document)
    cursor.setPosition(start)
    cursor.setPosition(stop, QTextCursor.MoveMode.KeepAnchor)
    return cursor.selectedText().replace("\u2029", "\n")
