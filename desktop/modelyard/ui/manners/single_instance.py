"""One window for one data folder: a second start hands over what it was asked to open, and ends."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_WAIT_MS = 1500
_MOST_BYTES = 64 << 10
_SOCKET = ".window"
_LONGEST_PATH = 100  # of a socket: 104 on macOS, 108 on Linux
_TAKEN = b"taken\n"


def meeting_place(root: Path) -> str:
    """Where both meet: one place for each data folder. Inside it where sockets are files: in the common temporary
    folder anybody could wait for us under our name."""
    inside = root / _SOCKET
    if sys.platform != "win32" and len(os.fsencode(inside)) <= _LONGEST_PATH:
        return str(inside)
    return "modelyard-" + hashlib.sha256(os.fsencode(root)).hexdigest()[:20]


def hand_over(name: str, text: str) -> bool:
    """True if a running window took it: there is nothing left to do here."""
    socket = QLocalSocket()
    socket.connectToServer(name)
    if not socket.waitForConnected(_WAIT_MS):
        return False
    socket.write(json.dumps({"open": text}).encode("utf-8") + b"\n")
    while b"\n" not in bytes(socket.peek(len(_TAKEN)).data()):
        if not socket.waitForReadyRead(_WAIT_MS):
            return False  # it hangs: better two windows than none
    return bytes(socket.readAll().data()) == _TAKEN


class SingleInstance(QObject):
    """Signals: asked(str) with a path, a link, or "" for just coming to the front."""

    asked = Signal(str)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._guests: set[QLocalSocket] = set()
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._meet)
        if not self._server.listen(name):
            QLocalServer.removeServer(name)  # left behind by a crash: nobody answered there
            self._server.listen(name)

    def close(self) -> None:
        self._server.close()
        for socket in list(self._guests):
            socket.abort()

    def _meet(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            self._guests.add(socket)
            socket.readyRead.connect(self._hear)
            socket.disconnected.connect(self._leave)

    def _leave(self) -> None:
        for socket in [each for each in self._guests if each.state() == QLocalSocket.LocalSocketState.UnconnectedState]:
            self._guests.discard(socket)
            socket.deleteLater()

    def _hear(self) -> None:
        for socket in list(self._guests):
            if socket.canReadLine():
                self._answer(socket)
            elif socket.bytesAvailable() > _MOST_BYTES:
                socket.abort()

    def _answer(self, socket: QLocalSocket) -> None:
        try:
            record = json.loads(bytes(socket.readLine(_MOST_BYTES).data()))
            text = record["open"]
        except (ValueError, KeyError, TypeError):
            socket.abort()
            return
        if isinstance(text, str):
            socket.write(_TAKEN)
            socket.flush()
            self.asked.emit(text)
        else:
            socket.abort()
