"""What takes space in Ollama's folder and belongs to no model: orphans, partial downloads, forgotten work files.

The rules are the server's own start-up prune: files of blobs/ that no manifest names or that are not named
sha256-HEX, older than an hour. If any manifest cannot be read, nothing is listed.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from .store import BLOB_NAME, Store, UnreadableManifest

_OLD_SECONDS = 3600.0


class LeftoverKind(StrEnum):
    ORPHAN = "orphan"  # whole content that no model holds any more
    PARTIAL = "partial"  # an interrupted pull; goes on at the next pull of the model
    WORK = "work"  # a work file of an interrupted create or upload


@dataclass(frozen=True)
class Leftover:
    path: Path
    kind: LeftoverKind
    size_bytes: int
    modified: float  # unix seconds


def find_leftovers(store: Store, now: float | None = None) -> list[Leftover]:
    """Largest first. Empty where the store cannot be read or understood."""
    now = time.time() if now is None else now
    try:
        used = {digest.replace(":", "-") for digest in store.in_use()}
        entries = [(path, path.lstat()) for path in store.blobs.iterdir() if path.is_file()]
    except (OSError, UnreadableManifest):
        return []
    found = [
        Leftover(path, _kind(path.name), info.st_size, info.st_mtime)
        for path, info in entries
        if path.name not in used and now - info.st_mtime > _OLD_SECONDS
    ]
    return sorted(found, key=lambda leftover: -leftover.size_bytes)


def _kind(name: str) -> LeftoverKind:
    if "-partial" in name:
        return LeftoverKind.PARTIAL
    return LeftoverKind.ORPHAN if BLOB_NAME.fullmatch(name) else LeftoverKind.WORK


def remove_leftovers(store: Store, chosen: list[Leftover]) -> int:
    """Removes what is still a leftover now, and only in a store that is ours. Returns the bytes freed."""
    if not store.is_ours:
        return 0
    still = {leftover.path for leftover in find_leftovers(store)}
    freed = 0
    for leftover in chosen:
        if leftover.path in still:
            with contextlib.suppress(OSError):
                leftover.path.unlink()
                freed += leftover.size_bytes
    return freed


def remove_orphan(store: Store, digest: str) -> bool:
    """Removes one blob that we put there and that no model holds. False if it must stay."""
    try:
        if not store.is_ours or digest in store.in_use():
            return False
        store.blob(digest).unlink()
    except (OSError, UnreadableManifest):
        return False
    return True
