"""Hashes files while they arrive: follows the gapless beginning of each, and compares at the end with what is listed.
Reading back costs little, the bytes are still in memory; after a restart it reads what is there from the start."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, BinaryIO

from ..identity import git_blob_hash
from ..values import RepoFile
from .part import MIB, PartFile

if TYPE_CHECKING:
    from hashlib import _Hash

_STEP = 4 * MIB


class FileHash:
    """The running hash of one file. `sha256` is known at the end for a file that is listed with it, or with nothing."""

    def __init__(self, part: PartFile) -> None:
        self.part = part
        self.position = 0
        self._hash = _new_hash(part.file)
        self._source: BinaryIO | None = None

    def step(self) -> bool:
        """Reads on, at most a few megabytes; False if there is nothing new. Raises OSError."""
        count = min(_STEP, self.part.prefix() - self.position)
        if count <= 0:
            return False
        if self._source is None:
            self._source = self.part.path.open("rb", buffering=0)
        self._source.seek(self.position)
        data = self._source.read(count)
        if not data:
            raise OSError("the file is shorter than noted")
        self._hash.update(data)
        self.position += len(data)
        return True

    @property
    def at_end(self) -> bool:
        return self.position == self.part.file.size

    def matches(self) -> bool:
        """Against the listed hash; a file listed without one has only its size."""
        listed = self.part.file.etag
        return not listed or self._hash.hexdigest() == listed

    def close(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None


def _new_hash(file: RepoFile) -> _Hash:
    if file.git_oid and not file.sha256:
        return git_blob_hash(file.size)
    return hashlib.sha256()
