"""The program's own log: small, rotated, readable by this user only, with secrets removed."""

from __future__ import annotations

import logging
import logging.handlers
import os
from pathlib import Path

from .redact import redact

_FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """Created with mode 0600 from the first byte."""

    def _open(self):  # type: ignore[no-untyped-def]  # the base class returns a private type
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        return os.fdopen(os.open(self.baseFilename, flags, 0o600), "a", encoding="utf-8", errors="replace")


def log_to(folder: Path, name: str = "modelyard") -> Path | None:
    """Sends the root logger to folder/name.log (3 files of 1 MB). Returns the file, None if it cannot be written."""
    path = folder / f"{name}.log"
    try:
        handler = _PrivateFile(path, maxBytes=1_000_000, backupCount=2, encoding="utf-8", delay=False)
    except OSError:
        return None
    handler.setFormatter(_Redacting(_FORMAT))
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, _PrivateFile)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for noisy in ("httpx", "httpx2", "httpcore", "httpcore2", "urllib3", "filelock", "hf_xet"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return path
