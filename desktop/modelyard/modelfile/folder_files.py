"""What stands beside a Modelfile in a folder: a picture, and a small JSON record. Everything is read with a limit;
what is damaged counts as missing."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..host.files import write_atomically
from .decode import decode
from .document import Document
from .pictures import PICTURE_NAMES, picture_name

MODELFILE = "Modelfile"
_LARGEST = 32 << 20


def read_document(folder: Path) -> Document:
    """Raises OSError."""
    return Document.of(decode(_small(folder / MODELFILE)))


def write_document(folder: Path, document: Document) -> None:
    """Raises OSError."""
    write_atomically(folder / MODELFILE, document.text.encode("utf-8", "replace"))


def read_record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(_small(path))
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Raises OSError."""
    write_atomically(path, json.dumps(record, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass"))


def read_picture(folder: Path) -> bytes:
    for name in PICTURE_NAMES:
        with contextlib.suppress(OSError):
            return _small(folder / name)
    return b""


def write_picture(folder: Path, picture: bytes) -> None:
    """Replaces or, if `picture` is empty, removes it. Raises OSError."""
    wanted = picture_name(picture)
    if wanted:
        write_atomically(folder / wanted, picture)
    for name in PICTURE_NAMES:
        if name != wanted:
            (folder / name).unlink(missing_ok=True)


def _small(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise OSError("too large")
    return data
