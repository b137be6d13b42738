"""Search as you type in the field for names and links: models of the chosen download source, most fetched first.

Asks only when a person has typed three letters of something that is no path and no link, and paused.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QStringListModel, Qt, QTimer, Signal
from PySide6.QtWidgets import QCompleter, QLineEdit

from ...errors import ModelyardError
from ..background import Call, in_background
from ..services import Services

_PAUSE_MS = 250
_SHORTEST = 3
_SHOWN = 12


def worth_asking(text: str) -> bool:
    """Words for a search, not a path or an address."""
    words = text.strip()
    outside = words.startswith(("/", "~", ".", "\\")) or "://" in words or "\\" in words or ":" in words[:3]
    return len(words) >= _SHORTEST and not outside and not words.lower().endswith((".gguf", ".zip"))


class HubSearch(QObject):
    """Hangs a list of hits under `field`; arrow keys and Enter choose. Silent when the source does not answer: the
    check tells why.

    Signals: chosen(id).
    """

    chosen = Signal(str)

    def __init__(self, services: Services, field: QLineEdit) -> None:
        super().__init__(field)
        self._services = services
        self._field = field
        self._call: Call | None = None
        self._hits = QStringListModel(self)
        self._completer = QCompleter(self._hits, self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._completer.setMaxVisibleItems(_SHOWN)
        self._completer.popup().setObjectName("suggestions")
        self._completer.activated.connect(self.chosen)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self._ask)
        field.textEdited.connect(lambda _text: self._timer.start())

    def stop(self) -> None:
        self._timer.stop()
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _ask(self) -> None:
        self.stop()
        words = self._field.text()
        if not worth_asking(words):
            self._field.setCompleter(None)
            return
        search = self._services.search_hub
        self._call = in_background(self, lambda token: search(words.strip(), token), self._show, self._fail)

    def _show(self, names: list[str]) -> None:
        self._call = None
        self._hits.setStringList(names)
        if names and self._field.hasFocus():
            self._field.setCompleter(self._completer)
            self._completer.complete()

    def _fail(self, _error: ModelyardError) -> None:
        self._call = None
