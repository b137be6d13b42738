"""Makes whole files trustworthy: takes what a cache already has, hashes what arrives, sends bad bytes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ...errors import Code, ModelyardError
from .cache import give_second_name
from .hashing import FileHash
from .part import PartFile

_STRIKES = 3  # wrong this often: the source itself is damaged


class Verifier:
    """Owned by one thread, which calls `step` until told to stop. `changed` is called after anything a waiting thread
    may want to know."""

    def __init__(self, parts: Callable[[], list[PartFile]], changed: Callable[[], None]) -> None:
        self._parts = parts
        self._changed = changed
        self._running: dict[PartFile, FileHash] = {}

    def adopt(self, part: PartFile, cached: Path) -> None:
        """Gives a cached file a second name here; it is then hashed like any other. A cache that cannot be read is no
        fault: the file is fetched."""
        try:
            give_second_name(cached, part.final)
        except OSError:
            part.drop_bytes()
        else:
            part.adopt()
        self._changed()

    def step(self) -> bool:
        """Hashes a few megabytes of the first file that has new bytes; False if there is nothing to do. Raises
        HUB_FILE_DAMAGED, OSError."""
        for part in self._parts():
            if part.verified or part.consumed:
                self._drop(part)
                continue
            running = self._running.setdefault(part, FileHash(part))
            if running.step():
                return True
            if running.at_end:
                self._judge(running)
                return True
        return False

    def close(self) -> None:
        for part in list(self._running):
            self._drop(part)

    def _judge(self, running: FileHash) -> None:
        part = running.part
        self._drop(part)
        if running.matches():
            if part.file.size == 0:
                part.part.parent.mkdir(parents=True, exist_ok=True)
                part.part.touch()
            part.finish()
        elif part.strikes + 1 < _STRIKES:
            part.reopen()
        else:  # still whole: no connection takes it up again while it goes
            part.drop_bytes()
            part.drop_notes()
            raise ModelyardError(Code.HUB_FILE_DAMAGED, name=part.file.path)
        self._changed()

    def _drop(self, part: PartFile) -> None:
        if running := self._running.pop(part, None):
            running.close()
