"""Where one connection's bytes go: gathered a little, written at their place, then noted."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from pathlib import Path
from typing import BinaryIO

from .part import MIB, Claim

_GATHER = 1 * MIB  # fewer, larger writes: each one hands the interpreter's lock around
_GATHER_SECONDS = 0.25
_SAVE_SECONDS = 1.0
_KEEP_SIZE = 1  # FALLOC_FL_KEEP_SIZE, linux/falloc.h
_PIECES = 256  # the system's limit for one gathered write is 1024


class Sink:
    """Use as a context manager: on leaving, what has arrived is written and noted, whatever happened. All methods raise
    OSError. `save_bytes`: no more than this is ever here without being noted."""

    def __init__(self, claim: Claim, save_bytes: int) -> None:
        self._part = claim.part
        self._position = claim.start
        self._gather = min(_GATHER, max(1, save_bytes // 4))
        self._save_bytes = save_bytes - self._gather  # what is gathered now may be lost as well
        self._gathered: list[bytes] = []
        self._waiting = 0
        self._unsaved = 0
        self._written_at = self._saved_at = time.monotonic()

    def __enter__(self) -> Sink:
        self._part.part.parent.mkdir(parents=True, exist_ok=True)
        self._target = _open_part(self._part.part, self._part.file.size)
        self._target.seek(self._position)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._write()
            self._part.save()
        finally:
            self._target.close()

    def put(self, chunk: bytes) -> bool:
        """Takes the next bytes. True if some were written: others may now use them."""
        self._gathered.append(chunk)
        self._waiting += len(chunk)
        now = time.monotonic()
        full = self._waiting >= self._gather or len(self._gathered) >= _PIECES
        if not full and now - self._written_at < _GATHER_SECONDS:
            return False
        self._write()
        self._written_at = now
        if self._unsaved >= self._save_bytes or now - self._saved_at >= _SAVE_SECONDS:
            self._part.save()
            self._unsaved, self._saved_at = 0, now
        return True

    def _write(self) -> None:
        if not self._gathered:
            return
        _write_all(self._target, self._gathered)
        for chunk in self._gathered:
            self._part.received(self._position, chunk)
            self._position += len(chunk)
        self._unsaved += self._waiting
        self._gathered, self._waiting = [], 0


def _open_part(path: Path, size: int) -> BinaryIO:
    """For writing anywhere in it, without losing what is there."""
    try:
        return path.open("r+b", buffering=0)
    except FileNotFoundError:
        path.touch()
        target = path.open("r+b", buffering=0)
        if sys.platform.startswith("linux"):
            _reserve(target.fileno(), size)
        return target


def _reserve(handle: int, size: int) -> None:
    """Takes the space on the disk without making the file longer: writing then costs Linux half. Where it cannot be
    had, the writing itself will tell."""
    fallocate = getattr(ctypes.CDLL(None), "fallocate", None)
    if fallocate is not None and size and ctypes.sizeof(ctypes.c_long) == 8:  # off_t is a long
        fallocate(handle, _KEEP_SIZE, ctypes.c_long(0), ctypes.c_long(size))


def _write_all(target: BinaryIO, pieces: list[bytes]) -> None:
    written = os.writev(target.fileno(), pieces) if hasattr(os, "writev") else 0
    for piece in pieces:
        if written >= len(piece):
            written -= len(piece)
            continue
        view = memoryview(piece)[written:]
        written = 0
        while view:
            view = view[target.write(view) :]
