"""The sockets behind a client's requests, so that any thread can end what is under way: a pause or a cancel does not
wait for a silent server."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any


class Sockets:
    """Hand `extensions` to every request; `cut` shuts each connection they opened, now and later."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._cut = False

    @property
    def extensions(self) -> dict[str, Any]:
        """httpcore's trace extension: the one public way to a connection's socket."""
        return {"trace": self._trace}

    def cut(self) -> None:
        with self._lock:
            self._cut = True
            for each in self._open:
                _shut(each)

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        if not event.endswith(("connect_tcp.complete", "start_tls.complete")):
            return
        opened = info["return_value"].get_extra_info("socket")
        with self._lock:
            self._open = [each for each in self._open if each.fileno() != -1]
            self._open.append(opened)
            if self._cut:
                _shut(opened)


def _shut(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(each, socket.SHUT_RDWR)  # not the TLS one: it would wait for the other side
