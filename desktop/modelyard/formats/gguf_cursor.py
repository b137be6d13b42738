"""A forward reading position in a ByteSource: a window that is refilled in growing chunks, and a check of every
length against what the file has left before anything is read or allocated."""

from __future__ import annotations

import struct
from typing import Any

from ..errors import Code, ModelyardError
from .source import ByteSource

FIRST_CHUNK = 64 * 1024  # a remote header without a vocabulary fits; two reads stay below 200 kB
LARGEST_CHUNK = 1024 * 1024
MAX_BYTES_READ = 256 * 1024 * 1024  # the largest real headers have about 30 MB
LEAP_COUNT = 4096  # fewer strings are not worth loading numpy
MAX_EXTENT = 1024 * 1024 * 1024  # gguf.cpp: no string or array above 1 GiB

_LENGTH = struct.Struct("<Q")
_COUNT = struct.Struct("<I")


class Cursor:
    """Reads little-endian values of `source` from its start on. All methods raise GGUF_TRUNCATED when the file ends
    inside the value, GGUF_INVALID when the header is larger than any real one, FILE_UNREADABLE.

    `where` names the structure being read, for messages."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._window = b""
        self._start = 0
        self._chunk = FIRST_CHUNK
        self._read = 0
        self.position = 0
        self.where = "header"

    @property
    def remaining(self) -> int:
        return self._source.size - self.position

    def uint32(self) -> int:
        return int(self.unpack(_COUNT)[0])

    def uint64(self) -> int:
        return int(self.unpack(_LENGTH)[0])

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        at = self._need(layout.size)
        self.position += layout.size
        return layout.unpack_from(self._window, at)

    def take(self, length: int) -> bytes:
        """The next `length` bytes; callers bound `length` first."""
        at = self._need(length)
        self.position += length
        return self._window[at : at + length]

    def string(self, longest: int) -> bytes:
        """A string: its length, then its bytes. Raises GGUF_INVALID if it is longer than `longest` bytes."""
        length = self.uint64()
        if length > self.remaining:
            raise self.truncated(self.position + length)
        if length > longest:
            raise self.invalid(f"string of {length} bytes")
        return self.take(length)

    def skip(self, length: int) -> None:
        """Steps over `length` bytes without reading them."""
        if length > self.remaining:
            raise self.truncated(self.position + length)
        self.position += length
        if self.position > MAX_EXTENT:
            raise self.invalid("header above 1 GiB")

    def skip_strings(self, count: int) -> None:
        """Steps over `count` strings. A vocabulary and its merges are half a million of them, and this is where the
        time of reading a header goes: most are passed by _leap, the others by a loop that only adds lengths."""
        unpack = _LENGTH.unpack_from
        left = count
        while left:
            self._need(_LENGTH.size)
            window = self._window
            at = self.position - self._start
            if left >= LEAP_COUNT:
                passed, at = _leap(window, at, left)
                left -= passed
            done = 0
            try:
                for done in range(left):  # noqa: B007 - read in the except branch
                    at += 8 + unpack(window, at)[0]
                done = left
            except (struct.error, OverflowError):
                pass  # string number `done` begins beyond the window
            self.skip(self._start + at - self.position)
            left -= done

    def truncated(self, end: int) -> ModelyardError:
        """The error for a file that should reach byte `end`."""
        return ModelyardError(
            Code.GGUF_TRUNCATED,
            name=self._source.name,
            where=self.where,
            need_bytes=min(end, 2**63),
            have_bytes=self._source.size,
        )

    def invalid(self, detail: str) -> ModelyardError:
        return ModelyardError(Code.GGUF_INVALID, name=self._source.name, where=self.where, detail=detail)

    def _need(self, length: int) -> int:
        """Makes the next `length` bytes stand in the window; returns where they begin in it."""
        at = self.position - self._start
        if at < 0 or at + length > len(self._window):
            if length > self.remaining:
                raise self.truncated(self.position + length)
            self._fill(length)
            at = 0
        return at

    def _fill(self, length: int) -> None:
        wanted = min(max(length, self._chunk), self.remaining)
        self._chunk = min(2 * self._chunk, LARGEST_CHUNK)
        self._read += wanted
        if self._read > MAX_BYTES_READ:
            raise self.invalid("header above 256 MiB")
        self._window = read_exactly(self._source, self.position, wanted)
        self._start = self.position


def _leap(window: bytes, at: int, most: int) -> tuple[int, int]:
    """Passes up to `most` strings of the window from `at` on, where a string begins; returns how many and where the
    next one begins.

    The length of a short string is one byte and seven zeros. All places that look like that are found at once; as
    long as each place plus its length is the next place, the chain from the known first one is proved, and with it
    every length. Anything else (long strings, zeros in the text) ends the leap early.
    """
    import numpy

    data = numpy.frombuffer(window, dtype=numpy.uint8, offset=at)
    zeros = numpy.flatnonzero(data == 0)
    begins = zeros[:-6][zeros[6:] - zeros[:-6] == 6] - 1
    begins = begins[begins >= 0]
    if len(begins) == 0 or begins[0] != 0:
        return 0, at
    ends = begins + 8 + data[begins]
    breaks = numpy.flatnonzero(ends[:-1] != begins[1:])
    passed = min(int(breaks[0]) + 1 if len(breaks) else len(begins), most)
    return passed, at + int(ends[passed - 1])


def read_exactly(source: ByteSource, offset: int, length: int) -> bytes:
    """`length` bytes at `offset`. Raises FILE_CHANGED if the file has become shorter, FILE_UNREADABLE."""
    data = source.read_at(offset, length)
    if len(data) != length:
        raise ModelyardError(Code.FILE_CHANGED, name=source.name)
    return data
