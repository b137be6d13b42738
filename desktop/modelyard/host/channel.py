"""The child's side of the pipe: JSON lines in and out. stdout belongs to the protocol alone: whatever a library prints
goes to stderr. When the parent goes away (end of stdin), the child must not live on."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any


class Channel:
    """Records from and to the parent. `send` is thread-safe."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "wb", buffering=0)
        # Not sys.stdin: at its end Python takes hold of that, and aborts while the thread of `watch` still reads.
        self._in = os.fdopen(os.dup(0), "rb")
        os.dup2(2, 1)  # stray prints of native code must not break the protocol
        sys.stdout = sys.stderr
        self._lock = threading.Lock()

    def send(self, record: Mapping[str, Any]) -> None:
        """If the parent is gone, this process ends: nobody waits for its work."""
        data = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        try:
            with self._lock:
                view = memoryview(data)
                while view:
                    written = self._out.write(view)
                    view = view[written or 0 :]
        except OSError:
            os._exit(3)

    def receive(self) -> dict[str, Any] | None:
        """The next record, or None when the parent closed the pipe or sent nonsense."""
        line = self._in.readline()
        try:
            record = json.loads(line) if line else None
        except ValueError:
            return None
        return record if isinstance(record, dict) else None

    def watch(self, on_record: Callable[[dict[str, Any]], None], on_close: Callable[[], None]) -> None:
        """Reads further records on a daemon thread; `on_close` when the parent closes the pipe or dies."""

        def loop() -> None:
            while (record := self.receive()) is not None:
                on_record(record)
            on_close()

        threading.Thread(target=loop, name="channel", daemon=True).start()
