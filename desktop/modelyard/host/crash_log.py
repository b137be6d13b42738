"""What a crash in native code leaves behind: the stacks of all threads, in a file that the next start finds."""

from __future__ import annotations

import contextlib
import faulthandler
from pathlib import Path
from typing import IO

_NAME = "crash.log"
_MOST = 20_000


def watch_crashes(logs: Path) -> tuple[str, IO[str] | None]:
    """The report of the last run's crash (or ""), and the file that takes the next one: keep it open. Never raises."""
    path = logs / _NAME
    report = ""
    with contextlib.suppress(OSError):
        report = path.read_text(encoding="utf-8", errors="replace")[:_MOST].strip()
    try:
        stream = path.open("w", encoding="utf-8")
        faulthandler.enable(stream)
    except (OSError, ValueError):
        return report, None
    return report, stream


def stop_watching(stream: IO[str] | None) -> None:
    """The program ends as it should."""
    if stream is not None:
        faulthandler.disable()
        stream.close()
