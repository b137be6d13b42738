"""A file on the Hub read by ranges: for headers, which are kilobytes in front of gigabytes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from ..errors import Code, ModelyardError
from ..events import CancelToken
from .answers import Subject, check_answer
from .partial import bytes_before
from .session import Session
from .values import RepoFile

FIRST_READ = 16 << 10
_LARGEST_READ_AHEAD = 1 << 20
_NEAR = 16 << 10  # ranges this close together cost less in one request
_AT_ONCE = 8
_BUDGET = 96 << 20


class RemoteFile:
    """A ByteSource over HTTP ranges. What was fetched is kept; each fetch reads a little ahead, more so while reading
    goes on in order. Thread-safe.

    `fetched_bytes` counts what came over the network. A header that leads to more than `budget` bytes raises
    HUB_FILE_TOO_LARGE: a hostile file must not fill the memory."""

    def __init__(self, session: Session, file: RepoFile, path: str, subject: Subject, *, budget: int = _BUDGET) -> None:
        self._session = session
        self._file = file
        self._path = path
        self._subject = subject
        self._budget = budget
        self._location = ""
        self._held: dict[int, bytes] = {}  # start → bytes, disjoint
        self._ahead = FIRST_READ
        self._lock = threading.Lock()
        self.fetched_bytes = 0

    @property
    def name(self) -> str:
        return self._file.name

    @property
    def size(self) -> int:
        return self._file.size

    def read_at(self, offset: int, length: int) -> bytes:
        """Fewer bytes only at the end of the file. Raises HUB_*."""
        with self._lock:
            end = min(self.size, offset + max(0, length))
            parts: list[bytes] = []
            position = offset
            while position < end:
                part = self._part_at(position, end)
                parts.append(part)
                position += len(part)
            return b"".join(parts)

    def expect(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Fetches many small ranges (offset, length) for later reads: neighbours together, several at once. Raises
        HUB_*."""
        with self._lock:
            wanted = [
                (start, min(stop, self.size)) for start, stop in _joined(ranges) if not self._overlaps(start, stop)
            ]
            with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="hub-look") as pool:
                contents = pool.map(lambda each: self._fetch(*each), wanted)
                self._held.update(zip((start for start, _ in wanted), contents, strict=True))

    def _overlaps(self, start: int, stop: int) -> bool:
        return any(held < stop and start < held + len(content) for held, content in self._held.items())

    def _part_at(self, position: int, end: int) -> bytes:
        for start, held in self._held.items():
            if start <= position < start + len(held):
                return held[position - start : end - start]
        following = min((start for start in self._held if start > position), default=self.size)
        in_order = any(start + len(held) == position for start, held in self._held.items())
        self._ahead = min(_LARGEST_READ_AHEAD, self._ahead * 2) if in_order else FIRST_READ
        stop = min(following, max(end, position + self._ahead))
        self._held[position] = self._fetch(position, stop)
        return self._held[position][: end - position]

    def _fetch(self, start: int, stop: int) -> bytes:
        if self.fetched_bytes + stop - start > self._budget:
            raise ModelyardError(Code.HUB_FILE_TOO_LARGE, name=self.name, limit_bytes=self._budget)
        for fresh in (False, True):
            url = self._session.url(self._path) if fresh or not self._location else self._location
            with self._session.follow(url, headers={"Range": f"bytes={start}-{stop - 1}"}) as response:
                if url == self._location and response.status_code in (401, 403, 404, 410):
                    self._location = ""  # signed addresses run out
                    continue
                check_answer(response, self._subject)
                self._location = str(response.url)
                if bytes_before(response, start, self.size, self.name):
                    host = self._subject.endpoint.host
                    raise ModelyardError(Code.HUB_ANSWER_INVALID, host=host, detail="it cannot send parts of a file")
                content = self._read(response, stop - start)
            self.fetched_bytes += len(content)
            return content
        raise AssertionError("the second try returns or raises")

    def _read(self, response: httpx.Response, length: int) -> bytes:
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) >= length:
                break  # a server without ranges goes on to send the whole file
        if len(body) < length:
            raise ModelyardError(Code.HUB_UNREACHABLE, host=self._subject.endpoint.host, detail="cut off")
        return bytes(body[:length])


def _joined(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Start and end of ranges in order, neighbours made one."""
    joined: list[tuple[int, int]] = []
    for offset, length in sorted(each for each in ranges if each[1] > 0):
        if joined and offset - joined[-1][1] <= _NEAR:
            joined[-1] = joined[-1][0], max(joined[-1][1], offset + length)
        else:
            joined.append((offset, offset + length))
    return joined


def prefetch(files: Sequence[RemoteFile], length: int = FIRST_READ, cancel: CancelToken | None = None) -> None:
    """Reads the first `length` bytes of many files at once, so that looking at thirty shards takes two round trips and
    not sixty. Raises HUB_*, Cancelled."""
    cancel = cancel or CancelToken()

    def first(file: RemoteFile) -> None:
        cancel.check()
        file.read_at(0, length)

    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="hub-look") as pool:
        for _ in pool.map(first, files):
            pass
