"""One answer being written: a thread that reads the engine's stream and keeps what came until the window takes it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, QThread, Signal

from ...engines.base import ChatChunk, ChatStats
from ...errors import Cancelled, Code, ModelyardError
from ...events import CancelToken


@dataclass(frozen=True)
class Piece:
    """What came since it was last taken."""

    text: str = ""
    thinking: str = ""


class AnswerThread(QThread):
    """Runs `open_stream(token)` to its end. `take()` gives what came meanwhile.

    Signals: exactly one of answered(ChatStats) and failed(ModelyardError), then QThread's finished().
    """

    answered = Signal(object)
    failed = Signal(object)

    def __init__(self, open_stream: Callable[[CancelToken], Iterator[ChatChunk]], parent: QObject) -> None:
        super().__init__(parent)
        self._open = open_stream
        self._token = CancelToken()
        self._lock = threading.Lock()
        self._text: list[str] = []
        self._thinking: list[str] = []

    def stop(self) -> None:
        """The stream ends within 0.2 s, with what came so far."""
        self._token.cancel()

    def take(self) -> Piece:
        with self._lock:
            piece = Piece("".join(self._text), "".join(self._thinking))
            self._text.clear()
            self._thinking.clear()
        return piece

    def run(self) -> None:
        stats: ChatStats | None = None
        try:
            for chunk in self._open(self._token):
                with self._lock:
                    if chunk.text:
                        self._text.append(chunk.text)
                    if chunk.thinking:
                        self._thinking.append(chunk.thinking)
                stats = chunk.stats or stats
        except Cancelled:
            pass
        except ModelyardError as error:
            self.failed.emit(error)
            return
        except Exception as error:  # a fault of ours must reach the person
            self.failed.emit(ModelyardError(Code.INTERNAL, detail=f"{type(error).__name__}: {error}"))
            return
        self.answered.emit(stats or ChatStats(reason="cancelled"))
