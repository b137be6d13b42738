"""Files from one place to another: cloned where the file system can, else copied with progress; errors with codes."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

from ..errors import Code, ModelyardError
from .machine import free_space

_BLOCK = 4 << 20
_FICLONE = 0x40049409  # linux/fs.h
_WINDOWS_FULL = (39, 112)  # ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL


def storage_error(error: OSError, folder: Path, need: int) -> ModelyardError:
    """The coded error for a failed write into `folder`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or getattr(error, "winerror", 0) in _WINDOWS_FULL:
        return ModelyardError(Code.DISK_FULL, folder=str(folder), need_bytes=need, free_bytes=free_space(folder))
    return ModelyardError(Code.FOLDER_NOT_WRITABLE, folder=str(folder))


def clone(source: Path, target: Path) -> bool:
    """Makes `target` share the content of `source` until either is changed (btrfs, XFS, APFS): no time, no space.
    False if the file system cannot; then there is no `target`."""
    try:
        if sys.platform == "darwin":
            import ctypes

            library = ctypes.CDLL(None, use_errno=True)
            return bool(library.clonefile(os.fsencode(source), os.fsencode(target), 0) == 0)
        if sys.platform == "linux":
            import fcntl

            with source.open("rb") as reader, target.open("xb") as writer:
                fcntl.ioctl(writer.fileno(), _FICLONE, reader.fileno())
            return True
    except (OSError, AttributeError):
        with contextlib.suppress(OSError):
            target.unlink()
    return False


def copy(source: Path, target: Path, on_bytes: Callable[[bytes], None]) -> None:
    """Copies block by block and makes sure it is on the disk; `on_bytes` sees each block and may raise to stop.

    Half a target stays behind when something goes wrong: whoever calls cleans up. Raises OSError."""
    with source.open("rb") as reader, target.open("xb") as writer:
        while block := reader.read(_BLOCK):
            writer.write(block)
            on_bytes(block)
        writer.flush()
        os.fsync(writer.fileno())


def write_atomically(path: Path, data: bytes) -> None:
    """Afterwards the file has the new content or the old one, never half of it. Raises OSError."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with fresh.open("wb") as writer:
            writer.write(data)
            writer.flush()
            os.fsync(writer.fileno())
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise
