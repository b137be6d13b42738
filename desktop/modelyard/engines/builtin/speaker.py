"""The one loaded model: loaded when asked for, exchanged for another, unloaded after a while without questions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ...errors import Cancelled
from ...events import CancelToken
from .answering import Question
from .process import EngineProcess


class Speaker:
    """Keeps at most one engine process. Thread-safe; `ready` is called by whoever has the turn."""

    def __init__(self, command: Sequence[str], idle_seconds: float) -> None:
        self._command = command
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._process: EngineProcess | None = None
        self._stop_answer: Callable[[], None] = lambda: None
        self._timer: threading.Timer | None = None

    @property
    def process(self) -> EngineProcess | None:
        """The process with the loaded model, if one runs."""
        with self._lock:
            return self._process if self._process is not None and self._process.alive else None

    def ready(self, question: Question, token: CancelToken) -> EngineProcess:
        """The process with the question's model, loaded if need be. `token` stops the answer that follows if the model
        is unloaded meanwhile. Raises the errors of loading, Cancelled."""
        self._rest()
        with self._lock:
            process = self._process
        if process is None or process.loading != question.loading or not process.settled():
            if process is not None:
                self._drop(process)
            process = EngineProcess(self._command, question.name, question.loading, tight=question.tight)
            self._set(process, token)
            try:
                process.wait_loaded(token)
            except BaseException:
                self._drop(process)
                raise
        self._set(process, token)
        if token.cancelled:
            raise Cancelled
        return process

    def idle(self) -> None:
        """An answer has ended: the clock for unloading starts."""
        with self._lock:
            if self._process is not None and self._idle_seconds > 0:
                process = self._process
                self._timer = threading.Timer(self._idle_seconds, self._drop, [process])
                self._timer.daemon = True
                self._timer.start()

    def unload(self, name: str | None = None) -> None:
        """Ends the process (only if it has the model `name`, if given). An answer being given ends as cancelled."""
        with self._lock:
            process, stop = self._process, self._stop_answer
        if process is not None and name in (None, process.name):
            stop()
            self._drop(process)

    def _set(self, process: EngineProcess, token: CancelToken) -> None:
        with self._lock:
            self._process = process
            self._stop_answer = token.cancel

    def _drop(self, process: EngineProcess) -> None:
        self._rest()
        with self._lock:
            if self._process is process:
                self._process = None
                self._stop_answer = lambda: None
        process.end()

    def _rest(self) -> None:
        with self._lock:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            if timer is not threading.current_thread():
                timer.join(5.0)
