"""New versions: looked for once a day, once the person said so. It tells, it opens a page, it installs nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from ...errors import ModelyardError
from ...events import CancelToken
from ...host.settings import Settings
from ..background import in_background

EVERY_SECONDS = 24 * 3600.0
_AFTER_START_MS = 8000


class UpdateCheck(QObject):
    """`newer` asks for the version of a newer release, "" if there is none; it blocks.

    Signals: found(version)."""

    found = Signal(str)

    def __init__(
        self, settings: Settings, newer: Callable[[], str], parent: QObject, *, wait_ms: int = _AFTER_START_MS
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._newer = newer
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.look_if_due)
        self._timer.start(wait_ms)

    def look_if_due(self) -> None:
        since = time.time() - float(self._settings.get("update_checked"))
        if self._settings.flag("update_check") and not 0 <= since < EVERY_SECONDS:
            newer = self._newer

            def ask(_token: CancelToken) -> str:
                return newer()

            in_background(self, ask, self._tell, self._failed)

    def _tell(self, version: str) -> None:
        self._looked()
        if version:
            self.found.emit(version)

    def _failed(self, _error: ModelyardError) -> None:
        """No network is no news; tried again tomorrow."""
        self._looked()

    def _looked(self) -> None:
        try:
            self._settings.set("update_checked", time.time())
        except OSError:
            pass  # then it is asked again at the next start
