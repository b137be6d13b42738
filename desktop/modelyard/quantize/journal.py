"""The journal beside a half-written file: which tensors are finished, so that a later run goes on from there.

JSON lines. The first names what is being written and when this computer was started; then `{"done": n}` for each
finished tensor and `{"synced": n}` when everything up to n finished ones is surely on the disk. A killed process loses
nothing it has written; after a crash of the computer only what was synced counts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_VERSION = 1
_CLOCK_TOLERANCE_SECONDS = 60  # the start time is derived from the wall clock, which is corrected now and then
_MAX_BYTES = 64 * 1024 * 1024


class Journal:
    """Open for appending. One thread at a time."""

    def __init__(self, path: Path, identity: str, finished: Sequence[int]) -> None:
        """Begins a new journal that already knows `finished`. Raises OSError."""
        self.finished = list(finished)
        self._file = path.open("w", encoding="utf-8")
        self._line({"version": _VERSION, "identity": identity, "started": _computer_started()})
        for index in finished:
            self._line({"done": index})
        self._file.flush()

    def done(self, index: int) -> None:
        """Tensor `index` is written. Raises OSError."""
        self.finished.append(index)
        self._line({"done": index})
        self._file.flush()

    def synced(self, count: int) -> None:
        """The first `count` finished tensors are on the disk. Raises OSError."""
        self._line({"synced": count})
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()

    def _line(self, record: dict[str, Any]) -> None:
        self._file.write(json.dumps(record) + "\n")


def finished_tensors(path: Path, identity: str, tensor_count: int) -> tuple[int, ...] | None:
    """The tensors that an earlier run finished; None if there is no journal or it is of something else."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    head = _record(lines[0]) if lines else {}
    if head.get("version") != _VERSION or head.get("identity") != identity:
        return None
    finished: list[int] = []
    synced = 0
    for line in lines[1:]:
        record = _record(line)  # the last line may be cut short
        index, count = record.get("done"), record.get("synced")
        if isinstance(index, int) and 0 <= index < tensor_count:
            finished.append(index)
        if isinstance(count, int):
            synced = count
    started = head.get("started")
    same_start = isinstance(started, int | float) and abs(started - _computer_started()) < _CLOCK_TOLERANCE_SECONDS
    return tuple(dict.fromkeys(finished if same_start else finished[:synced]))


def _record(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _computer_started() -> float:
    import psutil

    return float(psutil.boot_time())
