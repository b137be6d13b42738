"""Access keys of the test Hub are looked for where none may be: in what our code hands to other processes, in what
tests print and log, and after the whole run in every file it left."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard import __file__ as ours

from .builders.hub_server import ALICE, BOB, FINE, READER

KEYS = (ALICE, BOB, READER, FINE)
_OURS = str(Path(ours).parent)
_HIDDEN = tuple(key.encode() for key in KEYS)
_PIECE = 16 << 20
_OVERLAP = max(map(len, KEYS))
_handed_out: list[str] = []
_shown: list[str] = []


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: the argv and environment of each process that our code starts (tests may hand keys over)."""
    if event != "subprocess.Popen":
        return
    _, argv, _, environment = arguments
    texts = [*map(os.fsdecode, argv), *map(os.fsdecode, dict(environment or {}).values())]
    if any(key in text for text in texts for key in KEYS) and _started_by_us():
        _handed_out.append(f"a key was handed to a child: {os.fsdecode(next(iter(argv)))}")


def _started_by_us() -> bool:
    """The nearest caller that is not Python's own."""
    frame = sys._getframe(2)
    while frame is not None and Path(frame.f_code.co_filename).name in ("subprocess.py", "key_watch.py"):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith(_OURS)


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def no_key_handed_out() -> Iterator[None]:
    yield
    found, _handed_out[:] = list(_handed_out), []
    assert not found


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    texts = (report.caplog, report.capstdout, report.capstderr, report.longreprtext)
    if report.when == "call" and any(key in text for text in texts for key in KEYS):
        _shown.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In the process that leads the others: their folders lie in its own."""
    factory = getattr(session.config, "_tmp_path_factory", None)
    if hasattr(session.config, "workerinput") or factory is None:
        return
    found = [f"{path}: a key in this file" for path in files_with(factory.getbasetemp(), _HIDDEN)]
    found += [f"{test}: a key in what it printed" for test in _shown]
    if found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        sys.stderr.write("\n" + "\n".join(found) + "\n")


def files_with(folder: Path, texts: tuple[bytes, ...]) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and _holds(path, texts):
            yield path


def _holds(path: Path, texts: tuple[bytes, ...]) -> bool:
    try:
        with path.open("rb", buffering=0) as file:
            return any(text in piece for piece in _pieces(file) for text in texts)
    except OSError:
        return False  # made unreadable by its test


def _pieces(file: io.FileIO) -> Iterator[bytes]:
    """What is in a file, without its holes: some tests make forty gigabytes of nothing."""
    size, end = os.fstat(file.fileno()).st_size, 0
    while end < size:
        start, end = end, size
        if hasattr(os, "SEEK_DATA"):
            try:
                start = file.seek(start, os.SEEK_DATA)
            except OSError:
                return  # a hole to the end
            end = file.seek(start, os.SEEK_HOLE)
        file.seek(start)
        tail = b""
        while start < end and (piece := file.read(min(_PIECE, end - start))):
            yield tail + piece
            tail, start = piece[-_OVERLAP:], start + len(piece)
