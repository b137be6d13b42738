"""Progress on the taskbar or dock, where the desktop has such a thing. Never fails."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

from ... import APP_ID

_NOTHING = -1.0


class Taskbar:
    """`show(share, window_id)` with 0 to 1, `clear()` when nothing runs. Sends only what changed by a percent."""

    def __init__(self) -> None:
        self._window_id = 0
        self._shown = _NOTHING
        self._list: Any = None

    def show(self, share: float, window_id: int) -> None:
        self._window_id = window_id
        share = round(min(max(share, 0.0), 1.0), 2)
        if share != self._shown:
            self._shown = share
            self._send(share)

    def clear(self) -> None:
        if self._shown != _NOTHING:
            self._shown = _NOTHING
            self._send(_NOTHING)

    def _send(self, share: float) -> None:
        with contextlib.suppress(Exception):
            if sys.platform == "win32":
                self._windows(share)
            elif sys.platform.startswith("linux"):
                _launcher_entry(share)
            elif sys.platform == "darwin":
                _badge(share)

    def _windows(self, share: float) -> None:
        """ITaskbarList3: SetProgressValue is the tenth entry of its table, SetProgressState the eleventh."""
        if sys.platform != "win32":
            return
        import ctypes
        from ctypes import wintypes

        if self._list is None:
            ole = ctypes.windll.ole32
            ole.CoInitialize(None)
            made = ctypes.c_void_p()
            kind = _guid("56FDF344-FD6D-11d0-958A-006097C9A090")
            face = _guid("EA1AFB91-9E28-4B86-90E9-9E9F8A5EEFAF")
            if ole.CoCreateInstance(kind, None, 1, face, ctypes.byref(made)) != 0:
                return
            self._list = made
        table = ctypes.cast(self._list, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)))[0]
        window = wintypes.HWND(self._window_id)
        state = ctypes.WINFUNCTYPE(ctypes.c_long, ctypes.c_void_p, wintypes.HWND, ctypes.c_int)(table[10])
        if share == _NOTHING:
            state(self._list, window, 0)
            return
        number = ctypes.c_ulonglong
        value = ctypes.WINFUNCTYPE(ctypes.c_long, ctypes.c_void_p, wintypes.HWND, number, number)(table[9])
        state(self._list, window, 2)
        value(self._list, window, int(share * 100), 100)


def _guid(text: str) -> bytes:
    import uuid

    return uuid.UUID(text).bytes_le


def _launcher_entry(share: float) -> None:
    """The signal that docks of Unity, KDE, Dash to Dock and others listen to."""
    from PySide6.QtDBus import QDBusConnection, QDBusMessage

    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return
    message = QDBusMessage.createSignal("/modelyard", "com.canonical.Unity.LauncherEntry", "Update")
    running = share != _NOTHING
    facts = {"progress": share if running else 0.0, "progress-visible": running}
    message.setArguments([f"application://{APP_ID}.desktop", facts])
    bus.send(message)


def _badge(share: float) -> None:
    """The dock has no bar of its own: the percents stand on the program's icon."""
    from PySide6.QtGui import QGuiApplication

    app = QGuiApplication.instance()
    if isinstance(app, QGuiApplication):
        app.setBadgeNumber(round(share * 100) if share != _NOTHING else 0)
