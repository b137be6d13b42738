"""A file written and read at offsets by several threads at once, its space taken beforehand."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
import threading
from pathlib import Path
from typing import BinaryIO

_HAS_POSITIONAL = hasattr(os, "pwrite") and hasattr(os, "preadv")


def create(path: Path, size: int, start: bytes) -> None:
    """A file of `size` bytes that begins with `start`; where the file system can, all its space is taken at once.

    That makes writing several times cheaper for Linux, and a full disk shows before the work. Raises OSError.
    """
    with path.open("wb") as file:
        try:
            if sys.platform.startswith("linux"):
                _reserve(file.fileno(), size)
            file.truncate(size)
            file.write(start)
        except OSError:
            path.unlink(missing_ok=True)
            raise


def _reserve(handle: int, size: int) -> None:
    """fallocate(2) itself: posix_fallocate would write zeros where the file system cannot. Raises OSError."""
    fallocate = getattr(ctypes.CDLL(None, use_errno=True), "fallocate", None)
    if fallocate is None or ctypes.sizeof(ctypes.c_long) < 8:  # off_t is a long
        return
    if fallocate(handle, 0, ctypes.c_long(0), ctypes.c_long(size)) and ctypes.get_errno() == errno.ENOSPC:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def bytes_on_disk(path: Path) -> int:
    """What a file takes of its drive, also beyond its end; 0 if it is not there. Without block counts (Windows) its
    size."""
    try:
        status = path.stat()
    except OSError:
        return 0
    return status.st_blocks * 512 if hasattr(status, "st_blocks") else status.st_size


class PositionalFile:
    """An existing file opened for reading and writing. POSIX shares one descriptor; Windows, which has no positional
    calls in Python, gives each thread a handle of its own."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._path = path
        self._main = path.open("r+b", buffering=0)
        self._local = threading.local()
        self._handles: list[BinaryIO] = []
        self._lock = threading.Lock()

    def write_at(self, offset: int, data: memoryview) -> None:
        """Writes all of `data`. Raises OSError (ENOSPC on a full disk)."""
        while len(data):
            if _HAS_POSITIONAL:
                count = os.pwrite(self._main.fileno(), data, offset)
            else:
                handle = self._own()
                handle.seek(offset)
                count = handle.write(data) or 0
            data = data[count:]
            offset += count

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fills `buffer` from `offset`; returns the bytes read, fewer only at the end. Raises OSError."""
        done = 0
        while done < len(buffer):
            if _HAS_POSITIONAL:
                count = os.preadv(self._main.fileno(), [buffer[done:]], offset + done)
            else:
                handle = self._own()
                handle.seek(offset + done)
                count = handle.readinto(buffer[done:]) or 0  # type: ignore[attr-defined]  # opened raw
            if not count:
                break
            done += count
        return done

    def sync(self) -> None:
        """Everything written so far is on the disk when this returns. Raises OSError."""
        os.fsync(self._main.fileno())

    def close(self) -> None:
        with self._lock:
            handles, self._handles = self._handles, []
        for handle in handles:
            handle.close()
        self._main.close()

    def _own(self) -> BinaryIO:
        handle: BinaryIO | None = getattr(self._local, "handle", None)
        if handle is None:
            handle = self._path.open("r+b", buffering=0)
            self._local.handle = handle
            with self._lock:
                self._handles.append(handle)
        return handle
