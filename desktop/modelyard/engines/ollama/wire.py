"""The socket of the request in flight, so that another thread can end it at once.

Closing a response from another thread does not wake a thread that waits in recv(); shutting its socket down does.
The socket is learnt through httpx's `trace` extension, before the server has answered anything.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from ...events import CancelToken

_CONNECTED = ("connect_tcp.complete", "start_tls.complete")
current_wire: ContextVar[Wire | None] = ContextVar("current_wire", default=None)


class Wire:
    """One request's connection. `cut()` may be called from any thread, before, during and after the request."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._cut = False
        self._lock = threading.Lock()

    def trace(self, name: str, info: Mapping[str, Any]) -> None:
        """httpx calls this for every step of the request."""
        if not name.endswith(_CONNECTED):
            return
        with self._lock:
            self._socket = info["return_value"].get_extra_info("socket")
            if self._cut:
                self._shut()

    def cut(self) -> None:
        with self._lock:
            self._cut = True
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError, ValueError):
                self._socket.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def cancellable(cancel: CancelToken) -> Iterator[Wire]:
    """Requests sent inside end at once when `cancel` is cancelled."""
    wire = Wire()
    token = current_wire.set(wire)
    cancel.on_cancel(wire.cut)
    try:
        yield wire
    finally:
        current_wire.reset(token)
