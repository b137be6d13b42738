"""One running engine process with one loaded model, seen from the program."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from ...errors import Cancelled, Code, ModelyardError
from ...events import CancelToken
from ...host.children import Child, end_process
from .requests import Loading
from .troubles import answer_error, crash_error, load_error

_STOP_GRACE = 3.0  # how long a cancelled answer may keep the next one waiting before the process is replaced


class EngineProcess:
    """Not thread-safe: one caller at a time (engine.py queues them)."""

    def __init__(self, command: Sequence[str], name: str, loading: Loading, *, tight: bool) -> None:
        """Starts the process and has it load the model; `wait_loaded` waits for it. Raises ENGINE_FAILED."""
        self.name = name
        self.loading = loading
        self._tight = tight
        self._records: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._number = 0
        self._stopping = 0
        try:
            self._child = Child(command)
        except OSError as error:
            raise ModelyardError(Code.ENGINE_FAILED, name=name, detail=error.strerror or "") from error
        self._reader = threading.Thread(target=self._read, name="engine-reader", daemon=True)
        self._reader.start()
        self._child.send({"do": "load", **loading.to_json()})

    @property
    def pid(self) -> int:
        return self._child.process.pid

    @property
    def answers(self) -> int:
        """How many answers were asked of it."""
        return self._number

    @property
    def alive(self) -> bool:
        return self._child.process.poll() is None

    def wait_loaded(self, cancel: CancelToken) -> None:
        """Raises ENGINE_LOAD_FAILED, ENGINE_OUT_OF_MEMORY, Cancelled."""
        cancel.on_cancel(lambda: self._records.put({}))
        while True:
            record = self._records.get()
            if cancel.cancelled:
                raise Cancelled
            if record is None or "refused" in record:
                status = self._child.wait(2.0)
                raise load_error(self.name, self._child.last_words(), status, tight=self._tight)
            if record.get("loaded"):
                return

    def settled(self) -> bool:
        """True once an answer that was cancelled has really ended; False if it does not end in time."""
        deadline = time.monotonic() + _STOP_GRACE
        while self._stopping:
            try:
                record = self._records.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                return False
            if record is None:
                return False
            if record.get("id") == self._stopping and ("done" in record or "error" in record):
                self._stopping = 0
        return self.alive

    def answer(self, body: Mapping[str, Any], cancel: CancelToken) -> Iterator[dict[str, Any]]:
        """The pieces of an answer (child.py); ends at once when cancelled. Raises the coded errors of an answer."""
        self._number = number = self._number + 1
        self._stopping = number
        cancel.on_cancel(lambda: self._records.put({"id": number, "cancelled": True}))
        self._child.send({"do": "chat", "id": number, "body": body})
        try:
            while True:
                record = self._records.get()
                if record is None:
                    status = self._child.wait(2.0)
                    raise crash_error(self.name, self._child.last_words(), status, tight=self._tight)
                if cancel.cancelled:  # whatever has arrived already
                    return
                if record.get("id") != number:
                    continue
                if "error" in record or "done" in record:
                    self._stopping = 0
                if "error" in record:
                    raise answer_error(self.name, record["error"])
                if "done" in record:
                    return
                yield record
        finally:
            if self._stopping:
                self._child.send({"do": "stop", "id": number})

    def memory_bytes(self) -> int:
        """What the process occupies now; 0 if it has just ended."""
        import psutil

        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def end(self) -> None:
        """Kills the process, which has nothing to save, and frees its memory. Idempotent."""
        end_process(self._child.process, grace=0.0)
        self._child.end(grace=1.0)
        self._reader.join(2.0)

    def _read(self) -> None:
        for record in self._child.messages():
            self._records.put(record)
        self._records.put(None)
