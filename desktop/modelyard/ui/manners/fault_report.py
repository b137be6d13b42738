"""What "Copy for help" copies after a fault of ours: where it happened, on what; secrets are taken out when shown."""

from __future__ import annotations

import platform
from pathlib import Path

from PySide6.QtCore import QLibraryInfo
from PySide6.QtGui import QGuiApplication

from ... import APP_NAME, __version__
from ...host.folders import at_home

_MOST = 6000


def fault_report(text: str) -> str:
    """The end of `text` (the stack), under a few lines about this computer."""
    qt = QLibraryInfo.version().toString()
    lines = (
        f"{APP_NAME} {__version__}, Python {platform.python_version()}, Qt {qt} ({QGuiApplication.platformName()})",
        f"{platform.system()} {platform.release()} {platform.machine()}",
        "",
        text[-_MOST:].replace(str(at_home(Path("~"))), "~").strip(),
    )
    return "\n".join(lines)
