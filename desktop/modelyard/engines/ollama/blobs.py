"""Getting a file into a server's blobs: it may be there already, it may be linked, or it is uploaded."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ...errors import Cancelled, Code, ModelyardError
from ...events import CancelToken
from ...host.files import clone
from ..base import Ownership
from .client import Connection
from .store import Store
from .wire import cancellable

_BLOCK = 4 << 20
_REPORT_SECONDS = 0.1

Progress = Callable[[int], None]  # bytes done of this file


class How(StrEnum):
    PRESENT = "present"  # was there before us
    LINKED = "linked"
    UPLOADED = "uploaded"


@dataclass(frozen=True)
class Placed:
    digest: str  # "sha256:HEX"
    how: How


def file_size(path: Path) -> int:
    """Raises FILE_MISSING."""
    try:
        return path.stat().st_size
    except OSError as error:
        raise ModelyardError(Code.FILE_MISSING, name=path.name) from error


def digest_of(path: Path, cancel: CancelToken, progress: Progress) -> str:
    """SHA-256 of a file as Ollama writes digests. Raises FILE_MISSING, FILE_UNREADABLE, Cancelled."""
    summed, done = hashlib.sha256(), 0
    for block in _read(path, cancel):
        summed.update(block)
        done += len(block)
        progress(done)
    return f"sha256:{summed.hexdigest()}"


def _read(path: Path, cancel: CancelToken) -> Iterator[bytes]:
    try:
        with path.open("rb", buffering=0) as file:
            while block := file.read(_BLOCK):
                cancel.check()
                yield block
    except FileNotFoundError as error:
        raise ModelyardError(Code.FILE_MISSING, name=path.name) from error
    except OSError as error:
        raise ModelyardError(Code.FILE_UNREADABLE, name=path.name, detail=error.strerror or "") from error


def is_present(connection: Connection, digest: str) -> bool:
    return connection.head(f"/api/blobs/{digest}") == 200


def link(connection: Connection, store: Store | None, path: Path, digest: str, ownership: Ownership) -> bool:
    """Puts the file into the store without sending a byte. False where that is not allowed or not seen.

    Our own work file, or a person's who agreed, gets a second name there; a person's file is cloned where the file
    system can. Only in a store that is ours on the same volume (neither works else); a linked file must belong to the
    store's user, since the server sets its time at create. The HEAD afterwards proves that the store is this
    server's; if it is not, everything is taken back."""
    if store is None or not store.is_ours:
        return False
    target = store.blob(digest)
    if not (_cloned(path, target) if ownership is Ownership.THEIRS else _linked(path, target)):
        return False
    try:
        if is_present(connection, digest):
            if ownership is Ownership.OURS:
                os.utime(target)  # a server that starts right now removes unused blobs older than an hour
            return True
    except (ModelyardError, OSError):
        target.unlink(missing_ok=True)
        raise
    target.unlink(missing_ok=True)
    return False


def _linked(path: Path, target: Path) -> bool:
    try:
        if path.stat().st_uid != target.parent.stat().st_uid:
            return False
        os.link(path.resolve(), target)
    except OSError:  # another volume, a file system without links, or something stands there
        return False
    return True


def _cloned(path: Path, target: Path) -> bool:
    """Under a work file's name first: a blob must never be half there under its own."""
    work = target.with_name(f"COPY-modelyard-{os.getpid()}")
    if not clone(path, work):
        return False
    work.replace(target)
    return True


def upload(connection: Connection, path: Path, digest: str, cancel: CancelToken, progress: Progress) -> None:
    """Streams the file. Raises FILE_CHANGED if it is no longer what the digest says, DISK_FULL, OLLAMA_LOST,
    Cancelled; the server then keeps nothing of it."""
    size = file_size(path)
    with connection.errors(path.name, cancel), cancellable(cancel):
        response = connection.http.post(
            f"/api/blobs/{digest}",
            content=_counted(path, cancel, progress),
            headers={"Content-Length": str(size), "Content-Type": "application/octet-stream"},
        )
        if response.status_code >= 400:
            connection.refuse(response, response.content, path.name)
    cancel.check()
    if file_size(path) != size:
        raise ModelyardError(Code.FILE_CHANGED, name=path.name)


def _counted(path: Path, cancel: CancelToken, progress: Progress) -> Iterator[bytes]:
    done, reported = 0, time.monotonic()
    for block in _read(path, cancel):
        yield block
        done += len(block)
        if time.monotonic() - reported >= _REPORT_SECONDS:
            reported = time.monotonic()
            progress(done)
    progress(done)


@contextlib.contextmanager
def taken_back_on_failure(undo: Callable[[], None]) -> Iterator[None]:
    """Runs `undo` if what is inside fails or is cancelled; a fault of the undoing never hides the reason."""
    try:
        yield
    except (ModelyardError, Cancelled):
        with contextlib.suppress(ModelyardError, OSError):
            undo()
        raise
