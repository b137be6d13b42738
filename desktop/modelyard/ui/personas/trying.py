"""One answer of a persona that is not saved: a thread that reads the engine's stream, taken piece by piece."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QThread, Signal

from ...engines.base import ChatMessage, ChatRequest, ChatStats, Engine
from ...errors import Cancelled, Code, ModelyardError
from ...events import CancelToken
from ...modelfile.persona import Persona


class TryThread(QThread):
    """Signals: exactly one ended(ChatStats | None, ModelyardError | None), then QThread's finished()."""

    ended = Signal(object, object)

    def __init__(
        self,
        engines: Callable[[], Mapping[str, Engine]],
        engine: str,
        model: str,
        persona: Persona,
        messages: tuple[ChatMessage, ...],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._engines = engines
        self._engine = engine
        self._request = ChatRequest(model, messages, persona=persona)
        self._token = CancelToken()
        self._lock = threading.Lock()
        self._pieces: list[str] = []
        self._taken = 0

    def stop(self) -> None:
        """The stream ends within 0.2 s."""
        self._token.cancel()

    def take(self) -> str:
        """What came since the last time. Thinking is left out: here counts what a person would read."""
        with self._lock:
            new, self._taken = self._pieces[self._taken :], len(self._pieces)
        return "".join(new)

    def run(self) -> None:
        stats: ChatStats | None = None
        error: ModelyardError | None = None
        try:
            for chunk in self._engines()[self._engine].chat(self._request, self._token):
                with self._lock:
                    self._pieces.append(chunk.text)
                stats = chunk.stats or stats
        except Cancelled:
            pass
        except ModelyardError as refusal:
            error = refusal
        except Exception as fault:  # a fault of ours must reach the person
            error = ModelyardError(Code.INTERNAL, detail=f"{type(fault).__name__}: {fault}")
        self.ended.emit(stats, error)
