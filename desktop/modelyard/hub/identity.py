"""How the Hub names bytes: large files by their SHA-256, the others as git does."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash


def git_blob_hash(size: int) -> _Hash:
    """git's name for a blob: SHA-1 over a short header and the contents. An identity here, not a protection."""
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
