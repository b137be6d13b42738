"""Bringing a GGUF into a model's folder: linked if it is ours, cloned or copied if it is the person's."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from ...errors import Code, ModelyardError
from ...events import CancelToken, Listener, Step, progress
from ...host.files import clone, copy, storage_error
from ..base import InstallRequest, Ownership

_PART = re.compile(r"(.+)-([0-9]{5})-of-([0-9]{5})\.gguf", re.IGNORECASE | re.DOTALL)


def parts_of(gguf: Path) -> list[Path]:
    """The files of the model of which `gguf` is the only or first one. Raises FILE_MISSING."""
    match = _PART.fullmatch(gguf.name)
    names = [gguf.name]
    if match and 1 <= int(match[3]) <= 1000:
        names = [f"{match[1]}-{number:05d}-of-{match[3]}.gguf" for number in range(1, int(match[3]) + 1)]
    paths = [gguf.with_name(name) for name in names]
    for path in paths:
        if not path.is_file():
            raise ModelyardError(Code.FILE_MISSING, name=path.name)
    return paths


def place_files(request: InstallRequest, folder: Path, listener: Listener, cancel: CancelToken) -> list[str]:
    """Puts model and projector into `folder`; returns their names there, the model's first part first.

    Raises FILE_MISSING, FILE_CHANGED, DISK_FULL, FOLDER_NOT_WRITABLE, FILE_UNREADABLE, Cancelled."""
    parts = parts_of(request.gguf)
    names = ["model.gguf"]
    if len(parts) > 1:
        names = [f"model-{number:05d}-of-{len(parts):05d}.gguf" for number in range(1, len(parts) + 1)]
    sources = [*parts, *([request.projector] if request.projector else [])]
    if request.projector:
        names.append("mmproj.gguf")
    placing = _Placing(sources, folder, listener, cancel)
    for source, name in zip(sources, names, strict=True):
        known = request.sha256 if source == request.gguf and len(parts) == 1 else ""
        placing.place(source, folder / name, request.ownership, known)
    return names


def copy_folder(source: Path, target: Path) -> None:
    """A model's folder again: GGUF files of ours are linked (they never change), all others copied. Raises OSError."""
    for path in source.iterdir():
        fresh = target / path.name
        if path.is_file() and not (path.suffix == ".gguf" and (_link(path, fresh) or clone(path, fresh))):
            copy(path, fresh, lambda block: None)


class _Placing:
    """Counts the bytes of all files together."""

    def __init__(self, sources: list[Path], folder: Path, listener: Listener, cancel: CancelToken) -> None:
        try:
            self._total = sum(source.stat().st_size for source in sources)
        except OSError as error:
            raise ModelyardError(Code.FILE_MISSING, name=Path(str(error.filename)).name) from error
        self._done = 0
        self._folder = folder
        self._listener = listener
        self._cancel = cancel

    def place(self, source: Path, target: Path, ownership: Ownership, sha256: str) -> None:
        self._cancel.check()
        before = source.stat()
        linked = ownership is not Ownership.THEIRS and _link(source, target)
        if linked or clone(source, target):
            self._advance(before.st_size)
        else:
            self._copy(source, target, sha256)
        after = source.stat()
        same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
        if not same or target.stat().st_size != before.st_size:
            raise ModelyardError(Code.FILE_CHANGED, name=source.name)

    def _copy(self, source: Path, target: Path, sha256: str) -> None:
        digest = hashlib.sha256() if sha256 else None

        def on_bytes(block: bytes) -> None:
            if digest is not None:
                digest.update(block)
            self._advance(len(block))
            self._cancel.check()

        try:
            copy(source, target, on_bytes)
        except PermissionError as error:
            if error.filename == str(source):
                raise ModelyardError(Code.FILE_UNREADABLE, name=source.name, detail=error.strerror or "") from error
            raise storage_error(error, self._folder, self._total) from error
        except OSError as error:
            raise storage_error(error, self._folder, self._total) from error
        if digest is not None and digest.hexdigest() != sha256.lower():
            raise ModelyardError(Code.FILE_CHANGED, name=source.name)

    def _advance(self, count: int) -> None:
        self._done += count
        self._listener(progress(Step.ADDING, self._done, self._total))


def _link(source: Path, target: Path) -> bool:
    """The same file under a second name; only between places of one drive."""
    try:
        os.link(source.resolve(), target)
    except OSError:
        return False
    return True
