"""A fetch of some files of a repository: connections, verification, and those who wait for bytes."""

from __future__ import annotations

import contextlib
import errno
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ... import events
from ...errors import Cancelled, Code, ModelyardError
from ...events import CancelToken, Listener, Step
from ..session import Session
from ..values import RepoFile, RepoListing
from .cache import find_cached
from .line import Line
from .pace import Pace, Patience
from .part import BLOCK, MIB, Claim, PartFile
from .queue import Queue
from .sink import Sink
from .verifier import Verifier

_REPORT_SECONDS = 0.1
_HALT_SECONDS = 0.8
_TICK = 0.25
_PASSING = (Code.HUB_UNREACHABLE, Code.HUB_SERVER_ERROR, Code.HUB_RATE_LIMITED, Code.HUB_RATE_LIMITED_NO_KEY)


@dataclass(frozen=True)
class FetchOptions:
    """`bytes_per_second` and `ahead_bytes`: 0 = no limit; `ahead_bytes` bounds what lies on the disk unconsumed.
    `save_bytes`: what a killed program fetches again at most, for each connection. `patience_seconds` without one byte
    from anywhere end the fetch with the last fault. `cache`: the Hugging Face cache to look into, None = do not."""

    connections: int = 4
    bytes_per_second: int = 0
    ahead_bytes: int = 0
    save_bytes: int = 4 * MIB
    block_bytes: int = BLOCK
    patience_seconds: float = 900.0
    first_wait: float = 0.5
    cache: Path | None = None


class Fetch:
    """Brings `files` of `listing` into `folder`, each under its own path. What a former run left there is continued.

    start() returns at once. wait_for() gives files or ranges as they come; consumed() frees a file for good. pause(),
    start() again, close() in any order; each takes less than a second. After close() everything stays as it is for the
    next time; finish() removes the notes of a fetch whose files are all used, discard() removes everything. Progress
    and warnings go to `listener`, on this fetch's own threads."""

    def __init__(
        self,
        session: Session,
        listing: RepoListing,
        files: Sequence[RepoFile],
        folder: Path,
        listener: Listener,
        options: FetchOptions | None = None,
    ) -> None:
        """Reads the notes of a former run. Raises HUB_FILE_NAME_UNSAFE, HUB_FILE_CHANGED, FOLDER_NOT_WRITABLE."""
        self._session = session
        self._listing = listing
        self._folder = folder
        self._listener = listener
        self._options = options or FetchOptions()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            parts = [PartFile(file, folder, self._options.block_bytes) for file in files]
        except OSError as error:
            raise self._disk_fault(error) from error
        self._queue = Queue(parts, self._options.ahead_bytes)
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lines: list[Line] = []
        self._fault: ModelyardError | None = None
        self._closed = False
        self._reported = 0.0
        self._pace = Pace(self._options.bytes_per_second)
        self._patience = Patience(self._options.patience_seconds, self._options.first_wait)

    # --- for those who wait --------------------------------------------------------------------------------------

    @property
    def total_bytes(self) -> int:
        return sum(part.file.size for part in self._queue.parts)

    @property
    def done_bytes(self) -> int:
        return sum(part.done_bytes for part in self._queue.parts)

    def wait_for(
        self, path: str, offset: int = 0, length: int | None = None, cancel: CancelToken | None = None
    ) -> Path:
        """Blocks until the file is there and its hash is right (`length` None), or until the range is there, which is
        earlier but not verified yet: whoever uses a range must wait for the whole file before trusting the result.
        The file comes first from now on. Raises KeyError (not of this fetch), FILE_MISSING (consumed), HUB_*,
        DISK_FULL, Cancelled (also when closed)."""
        cancel = cancel or CancelToken()
        part = self._queue.part(path)
        if self._is_there(part, offset, length):  # thousands of small reads: without the lock
            return part.path
        with self._changed:
            self._queue.want(part)
            self._changed.notify_all()
            while not self._is_there(part, offset, length):
                cancel.check()
                self._check()
                self._changed.wait(_TICK)
        return part.path

    def has(self, path: str, offset: int, length: int) -> bool:
        """True if wait_for would give this range at once. Raises KeyError."""
        part = self._queue.part(path)
        return not part.consumed and part.covers(offset, length)

    def _is_there(self, part: PartFile, offset: int, length: int | None) -> bool:
        if part.consumed:
            raise ModelyardError(Code.FILE_MISSING, name=part.file.path)
        return part.verified or (length is not None and part.covers(offset, length))

    def wait(self, cancel: CancelToken | None = None) -> None:
        """Blocks until every file is there and right, or consumed. Raises as wait_for."""
        cancel = cancel or CancelToken()
        with self._changed:
            while not self._queue.finished:
                cancel.check()
                self._check()
                self._changed.wait(_TICK)
        self._report(last=True)

    def consumed(self, path: str) -> None:
        """Its contents are used up and safe elsewhere: deletes it and remembers so, also for the next run. Raises
        KeyError, DISK_FULL, FOLDER_NOT_WRITABLE."""
        part = self._queue.part(path)
        try:
            part.consume()
        except OSError as error:
            raise self._disk_fault(error) from error
        self._notify()

    def is_consumed(self, path: str) -> bool:
        """Raises KeyError."""
        return self._queue.part(path).consumed

    def is_verified(self, path: str) -> bool:
        """True if all of it is there and its hash is right. Raises KeyError."""
        return self._queue.part(path).verified

    def was_faulty(self, path: str) -> bool:
        """True if bytes of it had to be fetched again because they were wrong: what was read of a range before may be
        wrong too. Raises KeyError."""
        return self._queue.part(path).strikes > 0

    def is_cached(self, path: str) -> bool:
        """True if the bytes are shared with the Hugging Face cache: treat them as somebody else's. Raises KeyError."""
        return self._queue.part(path).cached

    def prioritise(self, paths: Sequence[str]) -> None:
        """Fetch these first, in this order."""
        with self._changed:
            self._queue.reorder(paths)
            self._changed.notify_all()

    # --- running -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begins, or goes on after pause()."""
        if self._closed or any(thread.is_alive() for thread in self._threads):
            return
        self._stop = stop = threading.Event()
        self._fault = None
        self._patience.progress()
        self._lines = [self._line() for _ in range(max(1, self._options.connections))]
        self._threads = [
            threading.Thread(target=self._work, args=(line, stop), name="hub-fetch", daemon=True)
            for line in self._lines
        ]
        self._hold_cached()
        self._threads.append(threading.Thread(target=self._verify, args=(stop,), name="hub-verify", daemon=True))
        for thread in self._threads:
            thread.start()

    def pause(self) -> None:
        """Stops within a second; start() goes on."""
        self._stop.set()
        for line in self._lines:
            line.cut()
        self._notify()
        deadline = time.monotonic() + _HALT_SECONDS
        for thread in self._threads:
            thread.join(max(0.01, deadline - time.monotonic()))
        self._threads = []
        self._lines = []

    def close(self) -> None:
        """Stops for good; everything stays on the disk for the next run. Waiting threads get Cancelled."""
        self._closed = True
        self.pause()

    def finish(self) -> None:
        """Closes, and removes the notes beside the files."""
        self.close()
        for part in self._queue.parts:
            part.drop_notes()

    def discard(self, paths: Sequence[str] | None = None) -> None:
        """Closes, and removes everything this fetch wrote (of these files, if some are named)."""
        self.close()
        for part in self._queue.parts:
            if paths is None or part.file.path in paths:
                part.drop_bytes()
                part.drop_notes()

    def __enter__(self) -> Fetch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- threads -------------------------------------------------------------------------------------------------

    def _line(self) -> Line:
        return Line(self._session.another(), self._listing.id, self._listing.revision)

    def _work(self, line: Line, stop: threading.Event) -> None:
        try:
            while not stop.is_set() and not self._queue.finished:
                with self._changed:
                    claim = self._queue.claim(self._options.connections)
                    if claim is None:
                        self._changed.wait(_TICK)
                        continue
                try:
                    stop.wait(self._patience.remaining_wait())
                    self._bring(line, claim, stop)
                except (ModelyardError, OSError) as error:
                    if not stop.is_set():
                        self._after_fault(error, stop)
                finally:
                    with self._changed:
                        claim.part.release(claim)
                        self._changed.notify_all()
        finally:
            line.close()

    def _bring(self, line: Line, claim: Claim, stop: threading.Event) -> None:
        """Fetches a claim as far as it goes; what has arrived is noted in any case."""
        with Sink(claim, self._options.save_bytes) as sink, contextlib.closing(line.chunks(claim)) as chunks:
            for chunk in chunks:
                self._pace.take(len(chunk), stop)
                if stop.is_set():
                    return
                if sink.put(chunk):
                    self._notify()
                self._patience.progress()
                self._report()

    def _verify(self, stop: threading.Event) -> None:
        verifier = Verifier(lambda: [part for part in self._queue.parts if part not in self._queue.held], self._notify)
        try:
            while not stop.is_set() and not self._queue.finished:
                if held := next(iter(self._queue.held), None):
                    self._adopt(verifier, held)
                elif not verifier.step():
                    with self._changed:
                        self._changed.wait(_TICK)
        except (ModelyardError, OSError) as error:
            self._fail(error)
        finally:
            verifier.close()
            self._report(last=True)

    def _hold_cached(self) -> None:
        """Keeps files back from the connections that the cache may have."""
        if self._options.cache is None:
            return
        for part in self._queue.parts:
            if not part.started and not part.verified and not part.consumed and self._cached(part):
                self._queue.held.add(part)

    def _adopt(self, verifier: Verifier, part: PartFile) -> None:
        if found := self._cached(part):
            verifier.adopt(part, found)
        with self._changed:
            self._queue.held.discard(part)
            self._changed.notify_all()

    def _cached(self, part: PartFile) -> Path | None:
        folder = self._options.cache
        return find_cached(folder, self._listing.id, self._listing.revision, part.file) if folder else None

    # --- faults and news -----------------------------------------------------------------------------------------

    def _after_fault(self, error: ModelyardError | OSError, stop: threading.Event) -> None:
        """Waits before the next try, or ends the fetch if trying again cannot help."""
        if not isinstance(error, ModelyardError) or error.code not in _PASSING or self._patience.exhausted:
            self._fail(error)
            return
        asked = error.fields.get("wait_seconds")
        wait = self._patience.fault(float(asked) if isinstance(asked, (int, float)) else None)
        if wait >= 2.0:
            host = str(error.fields.get("host", ""))
            self._listener(events.warning("hub_retrying", host=host, wait_seconds=round(wait)))
        stop.wait(wait)

    def _fail(self, error: ModelyardError | OSError) -> None:
        with self._changed:
            if self._fault is None:
                self._fault = error if isinstance(error, ModelyardError) else self._disk_fault(error)
            self._stop.set()
            self._changed.notify_all()
        for line in self._lines:
            line.cut()

    def _check(self) -> None:
        if self._fault is not None:
            raise self._fault
        if self._closed:
            raise Cancelled

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _report(self, *, last: bool = False) -> None:
        now = time.monotonic()
        if last or now - self._reported >= _REPORT_SECONDS:
            self._reported = now
            self._listener(events.progress(Step.DOWNLOADING, self.done_bytes, self.total_bytes))

    def _disk_fault(self, error: OSError) -> ModelyardError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            need = self.total_bytes - self.done_bytes
            free = shutil.disk_usage(self._folder).free
            return ModelyardError(Code.DISK_FULL, folder=str(self._folder), need_bytes=need, free_bytes=free)
        return ModelyardError(Code.FOLDER_NOT_WRITABLE, folder=str(self._folder))
