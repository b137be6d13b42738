"""What is to be published, and what of it is there already."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ...errors import Code, ModelyardError
from ...events import CancelToken
from ..identity import git_blob_hash

FILE_LIMIT = 50_000_000_000  # the Hub takes no larger single file; splitting is the writer's work
_STEP = 4 << 20


@dataclass(frozen=True)
class PublishFile:
    """A file under its name in the repository: on disk (`path`, `sha256` if known), or small `content`."""

    name: str
    path: Path | None = None
    content: bytes = b""
    sha256: str = ""

    @property
    def size(self) -> int:
        """Raises OSError."""
        return self.path.stat().st_size if self.path else len(self.content)

    def head(self, count: int) -> bytes:
        """Raises OSError."""
        if self.path is None:
            return self.content[:count]
        with self.path.open("rb") as source:
            return source.read(count)

    def read(self) -> bytes:
        """Everything: for small files. Raises OSError."""
        return self.path.read_bytes() if self.path else self.content

    def hashed(self, cancel: CancelToken) -> PublishFile:
        """The same with its SHA-256. Raises OSError, Cancelled."""
        if self.sha256:
            return self
        if self.path is None:
            return PublishFile(self.name, None, self.content, hashlib.sha256(self.content).hexdigest())
        running = hashlib.sha256()
        with self.path.open("rb", buffering=0) as source:
            while data := source.read(_STEP):
                cancel.check()
                running.update(data)
        return PublishFile(self.name, self.path, b"", running.hexdigest())

    def git_oid(self) -> str:
        """git's name for these bytes, by which the Hub lists small files. Raises OSError."""
        content = self.read()
        running = git_blob_hash(len(content))
        running.update(content)
        return running.hexdigest()


def check_files(files: tuple[PublishFile, ...]) -> None:
    """Raises FILE_MISSING, HUB_PUBLISH_FILE_TOO_LARGE."""
    for file in files:
        try:
            size = file.size
        except OSError as error:
            raise ModelyardError(Code.FILE_MISSING, name=file.name) from error
        if size > FILE_LIMIT:
            raise ModelyardError(Code.HUB_PUBLISH_FILE_TOO_LARGE, name=file.name, limit_bytes=FILE_LIMIT)
