"""The threads that fill a file: workers read, encode and write blocks, one follows with the checksum, one syncs.

The checksum runs over the file in order, close behind the workers, while the bytes are still in memory.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..convert.content import RowBlock, TensorJob, WeightReader
from ..errors import Cancelled
from ..events import CancelToken, Listener, Step, progress
from . import ggml
from .agenda import Agenda
from .importance import ImportanceMatrix
from .journal import Journal
from .kernels import encode
from .layout import Layout, PlacedTensor
from .positional import PositionalFile
from .units import SEARCHED, Unit, cut, reading_order, rows_at_once

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

_PROGRESS_SECONDS = 0.1
_SYNC_BYTES = 128 * 1024 * 1024  # what may wait in memory: the disk works while the processor does
_SYNC_SECONDS = 1.0
_SYNC_LOOK_SECONDS = 0.05
_PATIENCE_SECONDS = 0.5  # for a sync under way: a slow disk must not hold up a cancel; it ends by itself
_HASH_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Work:
    """How a file is to be written. `order`: tensor names in the order of work, None for file order. `is_here`: see
    Agenda. `on_safe` is told the names of all tensors that are on the disk for sure."""

    listener: Listener
    cancel: CancelToken
    threads: int
    importance: ImportanceMatrix | None = None
    order: Sequence[str] | None = None
    is_here: Callable[[TensorJob], bool] | None = None
    on_safe: Callable[[Sequence[str]], None] | None = None


class Passage:
    """One run over one file. `journal.finished` tells which tensors are there already."""

    def __init__(
        self, layout: Layout, reader: WeightReader, file: PositionalFile, journal: Journal, work: Work
    ) -> None:
        self._work = work
        self._layout = layout
        self._reader = reader
        self._file = file
        self._journal = journal
        self._units = cut(layout)
        finished = set(journal.finished)
        self._ready = bytearray(unit.tensor in finished for unit in self._units)
        self._left = Counter(unit.tensor for unit in self._units if unit.tensor not in finished)
        self._agenda = Agenda(self._units, self._in_order(work.order), layout, work.is_here)
        self._written_bytes = len(layout.header) + sum(layout.tensors[n].nbytes for n in finished)
        self._hashed_bytes = 0
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._changed = threading.Condition()

    def run(self) -> str:
        """Fills the file; returns its SHA-256. Raises Cancelled, OSError, ModelyardError."""
        _build_tables(self._layout, self._work.cancel)
        digest = hashlib.sha256()
        jobs: list[Callable[[], None]] = [self._fill] * self._work.threads
        jobs.append(lambda: self._follow(digest.update))
        running = [threading.Thread(target=self._guarded, args=(job,), name="gguf-writer") for job in jobs]
        syncing = threading.Thread(target=self._guarded, args=(self._sync_now_and_then,), name="gguf-sync", daemon=True)
        for thread in (*running, syncing):
            thread.start()
        try:
            self._watch()
        finally:
            self._end(None)
            for thread in running:
                thread.join()
            syncing.join(_PATIENCE_SECONDS)
        if self._error is not None:
            raise self._error
        self._work.listener(progress(Step.PREPARING, self._layout.size_bytes, self._layout.size_bytes))
        return digest.hexdigest()

    def _watch(self) -> None:
        """Reports until the checksum has come to the end."""
        total = self._layout.size_bytes
        while self._hashed_bytes < total and not self._stop.is_set():
            self._work.cancel.check()
            # Writing and checking a byte are both work: half each.
            self._work.listener(
                progress(Step.PREPARING, min(total, (self._written_bytes + self._hashed_bytes) // 2), total)
            )
            with self._changed:
                pause_until = time.monotonic() + _PROGRESS_SECONDS
                while (
                    (left := pause_until - time.monotonic()) > 0
                    and self._hashed_bytes < total
                    and not self._stop.is_set()
                ):
                    self._changed.wait(left)

    def _guarded(self, job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:
            self._end(error)

    def _end(self, error: BaseException | None) -> None:
        """Stops all threads; the first error is the one that counts."""
        with self._changed:
            if error is not None and self._error is None and not self._stop.is_set():
                self._error = error
            self._stop.set()
            self._changed.notify_all()

    # --- workers -------------------------------------------------------------------------------------------------

    def _in_order(self, order: Sequence[str] | None) -> Iterable[int]:
        numbers = range(len(self._units)) if order is None else reading_order(self._units, self._layout, order)
        return (number for number in numbers if not self._ready[number])

    def _fill(self) -> None:
        import numpy

        buffer = numpy.empty(0, dtype=numpy.uint8)
        while not self._stop.is_set():
            with self._changed:
                number = self._agenda.next()
            if number is None:
                return
            unit = self._units[number]
            tensor = self._layout.tensors[unit.tensor]
            step = min(rows_at_once(tensor), unit.stop - unit.start)
            if buffer.size < step * tensor.row_bytes:
                buffer = numpy.empty(step * tensor.row_bytes, dtype=numpy.uint8)
            block = tensor.job.rows(self._reader, unit.start, unit.stop)
            for start in range(unit.start, unit.stop, step):
                if self._stop.is_set() or self._work.cancel.cancelled:
                    raise Cancelled
                self._put(tensor, block, unit.start, start, min(start + step, unit.stop), buffer)
            self._unit_done(number, unit)

    def _put(
        self, tensor: PlacedTensor, block: RowBlock, first: int, start: int, stop: int, buffer: NDArray[numpy.uint8]
    ) -> None:
        """Rows [start, stop) of the tensor, of a block that begins with row `first`, to the file."""
        weights = self._work.importance.of(tensor) if self._work.importance else None
        for lower, upper, expert in _spans(tensor, start, stop, weights is not None):
            out = buffer[: (upper - lower) * tensor.row_bytes].reshape(upper - lower, tensor.row_bytes)
            rows = RowBlock(block.dtype, block.data[lower - first : upper - first])
            row_weights = weights[expert] if weights is not None else None
            data = encode(rows, tensor.plan, out, row_weights)
            self._file.write_at(tensor.offset + lower * tensor.row_bytes, data.data.cast("B"))
        with self._changed:
            self._written_bytes += (stop - start) * tensor.row_bytes

    def _unit_done(self, number: int, unit: Unit) -> None:
        with self._changed:
            self._ready[number] = True
            self._left[unit.tensor] -= 1
            if not self._left[unit.tensor]:
                self._journal.done(unit.tensor)
            self._changed.notify_all()

    # --- checksum ------------------------------------------------------------------------------------------------

    def _follow(self, update: Callable[[memoryview], None]) -> None:
        buffer = memoryview(bytearray(_HASH_BYTES))
        number = 0
        while self._hashed_bytes < self._layout.size_bytes:
            with self._changed:
                while not self._stop.is_set() and not self._is_ready(number):
                    self._changed.wait()
                if self._stop.is_set():
                    return
                while number < len(self._units) and self._ready[number]:
                    number += 1
            end = self._end_of(number)
            while self._hashed_bytes < end and not self._stop.is_set():
                count = self._file.read_into(self._hashed_bytes, buffer[: end - self._hashed_bytes])
                update(buffer[:count])
                self._hashed_bytes += count
        with self._changed:
            self._changed.notify_all()

    def _is_ready(self, number: int) -> bool:
        return number >= len(self._units) or bool(self._ready[number])

    def _end_of(self, number: int) -> int:
        """Where the file is complete up to, if units below `number` are."""
        if number >= len(self._units):
            return self._layout.size_bytes
        unit = self._units[number]
        tensor = self._layout.tensors[unit.tensor]
        return tensor.offset + unit.start * tensor.row_bytes

    # --- syncing -------------------------------------------------------------------------------------------------

    def _sync_now_and_then(self) -> None:
        """Lets the disk work early, and marks in the journal what a crash of the computer cannot take back."""
        synced_bytes, synced_at = self._written_bytes, time.monotonic()
        while not self._stop.wait(_SYNC_LOOK_SECONDS):
            with self._changed:
                count, written = len(self._journal.finished), self._written_bytes
            waited = time.monotonic() - synced_at
            if written - synced_bytes < _SYNC_BYTES and (waited < _SYNC_SECONDS or written == synced_bytes):
                continue
            self._file.sync()
            with self._changed:
                if self._stop.is_set():
                    return
                self._journal.synced(count)
            synced_bytes, synced_at = written, time.monotonic()
            if self._work.on_safe is not None:
                self._work.on_safe([self._layout.tensors[n].job.name for n in self._journal.finished[:count]])


def _build_tables(layout: Layout, cancel: CancelToken) -> None:
    """The tables of the smallest types take ggml seconds, in which nothing can stop it: so a thread of its own does
    it, which a cancel leaves behind to end by itself. Raises Cancelled."""
    for kind in {tensor.type for tensor in layout.tensors} & SEARCHED:
        thread = threading.Thread(target=ggml.prepare, args=(kind,), name="ggml-tables", daemon=True)
        thread.start()
        while thread.is_alive():
            cancel.check()
            thread.join(_PROGRESS_SECONDS)


def _spans(tensor: PlacedTensor, start: int, stop: int, by_expert: bool) -> Iterator[tuple[int, int, int]]:
    """Rows cut where one expert ends and the next begins, with the expert's number: each has weights of its own."""
    if not by_expert or len(tensor.job.shape) < 3:
        yield start, stop, 0
        return
    height = tensor.job.shape[-2]
    while start < stop:
        expert = start // height
        end = min(stop, (expert + 1) * height)
        yield start, end, expert % tensor.job.shape[-3]
        start = end
