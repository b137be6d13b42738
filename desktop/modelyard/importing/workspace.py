"""The place for half-made things: one folder for each job, a claim by a live process, leftovers found at the start."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..host.files import storage_error
from ..host.owner import is_alive, this_process
from ..quantize.positional import bytes_on_disk

_CLAIM = "claim"


@dataclass(frozen=True)
class Leftover:
    """What an interrupted job left. `job` is its id."""

    job: str
    folder: Path
    size_bytes: int


class Workspace:
    """Folders under `root`, named by job. A folder is invisible to every engine until its result is moved out."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, job: str) -> Path:
        """Made and claimed by this process. Raises FOLDER_NOT_WRITABLE, DISK_FULL."""
        path = self.root / job
        try:
            path.mkdir(parents=True, exist_ok=True)
            (path / _CLAIM).write_text(this_process(), encoding="ascii")
        except OSError as error:
            raise storage_error(error, path, need=0) from error
        return path

    def release(self, job: str) -> None:
        """The job ended well or was given up: its folder goes."""
        shutil.rmtree(self.root / job, ignore_errors=True)

    def leftovers(self, known: set[str]) -> list[Leftover]:
        """Folders of jobs that nobody knows any more and no live process claims."""
        if not self.root.is_dir():
            return []
        found = []
        for path in sorted(self.root.iterdir()):
            if path.is_dir() and path.name not in known and not _claimed(path):
                found.append(Leftover(path.name, path, folder_bytes(path)))
        return found

    def clean(self, known: set[str]) -> int:
        """Removes leftovers; returns the bytes freed."""
        freed = 0
        for leftover in self.leftovers(known):
            shutil.rmtree(leftover.folder, ignore_errors=True)
            freed += leftover.size_bytes
        return freed


def folder_bytes(folder: Path) -> int:
    """Bytes really used on disk by everything inside."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            if path.is_file() and not path.is_symlink():
                total += bytes_on_disk(path)
    return total


def _claimed(folder: Path) -> bool:
    try:
        mark = (folder / _CLAIM).read_text(encoding="ascii")
    except (OSError, ValueError):
        return False
    return mark != this_process() and is_alive(mark)
