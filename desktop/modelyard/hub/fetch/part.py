"""A file that is being fetched: its bytes in `<file>.part`, and beside it `<file>.part.json`, which says what of it is
there. The notes are written after the bytes, so a killed program finds at most too little noted, never too much."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import Code, ModelyardError
from ..values import RepoFile
from .names import safe_path

MIB = 1 << 20
BLOCK = 4 * MIB
_BLOCKS = 256  # at most, so that the notes stay small for any file
_NOTES_VERSION = 1
_NOTES_LIMIT = 1 << 20


@dataclass(frozen=True)
class Claim:
    """A range one connection has taken: bytes [start, end), whole blocks but for a part already there."""

    part: PartFile
    start: int
    end: int


class PartFile:
    """The file is a row of blocks; what is there of a block is always its beginning. For each block the CRC-32 of what
    was received is noted, so that damage on the disk can be told from damage on the way and only the bad blocks are
    fetched again.

    Threads: a block is changed only by the connection that claimed it; claims are made under the caller's lock."""

    def __init__(self, file: RepoFile, folder: Path, block_bytes: int = BLOCK) -> None:
        """Raises HUB_FILE_NAME_UNSAFE, HUB_FILE_CHANGED (the notes are of other bytes under this name)."""
        self.file = file
        self.final = safe_path(folder, file.path)
        self.part = self.final.with_name(self.final.name + ".part")
        self.notes = self.final.with_name(self.final.name + ".part.json")
        self.block_bytes = max(block_bytes, -(-file.size // _BLOCKS // MIB) * MIB)
        self.seen_etag = ""  # for servers that do not list hashes
        self.location = ""  # where the last redirect led; signed addresses run out
        self.verified = False
        self.consumed = False
        self.cached = False  # a second name of a file in the Hugging Face cache
        self.strikes = 0  # how often it was whole and wrong: noted, since parts of it may have been used by then
        self._lock = threading.Lock()
        self._taken: set[int] = set()
        self._dropped = False
        self._blocks: list[tuple[int, int]] = [(0, 0)] * -(-file.size // self.block_bytes)
        self._load()

    # --- what is there -------------------------------------------------------------------------------------------

    @property
    def done_bytes(self) -> int:
        if self.verified or self.consumed:
            return self.file.size
        return sum(done for done, _ in self._blocks)

    @property
    def complete(self) -> bool:
        return self.done_bytes == self.file.size

    @property
    def started(self) -> bool:
        return self.done_bytes > 0 or bool(self._taken)

    @property
    def path(self) -> Path:
        """Where the bytes are now."""
        return self.final if self.final.exists() else self.part

    def prefix(self) -> int:
        """Bytes that are there without a gap from the start."""
        reached = 0
        for index, (done, _) in enumerate(self._blocks):
            reached = index * self.block_bytes + done
            if done < self._length(index):
                break
        return reached

    def covers(self, offset: int, length: int) -> bool:
        if self.verified:
            return True
        end = min(offset + length, self.file.size)
        for index in range(offset // self.block_bytes, -(-end // self.block_bytes)):
            if self._blocks[index][0] < min(end - index * self.block_bytes, self.block_bytes):
                return False
        return True

    # --- who fetches what ----------------------------------------------------------------------------------------

    def claim(self, connections: int) -> Claim | None:
        """Takes the first blocks that are neither there nor taken: several at once while many are left."""
        if self.verified or self.consumed:
            return None
        open_blocks = [i for i in range(len(self._blocks)) if i not in self._taken and self._missing(i)]
        if not open_blocks:
            return None
        first = last = open_blocks[0]
        wanted = max(1, min(4, len(open_blocks) // max(1, connections)))
        while last - first + 1 < wanted and last + 1 in open_blocks and self._blocks[last + 1][0] == 0:
            last += 1
        self._taken.update(range(first, last + 1))
        self._dropped = False
        start = first * self.block_bytes + self._blocks[first][0]
        return Claim(self, start, min((last + 1) * self.block_bytes, self.file.size))

    def release(self, claim: Claim) -> None:
        """What of the claim is not there may be claimed again."""
        self._taken.difference_update(range(claim.start // self.block_bytes, -(-claim.end // self.block_bytes)))

    def received(self, position: int, chunk: bytes | memoryview) -> None:
        """Notes in memory bytes that have been written at `position`; `save` makes it last."""
        view = memoryview(chunk)
        while view:
            index = position // self.block_bytes
            here = view[: (index + 1) * self.block_bytes - position]
            done, crc = self._blocks[index]
            self._blocks[index] = (done + len(here), zlib.crc32(here, crc))
            position += len(here)
            view = view[len(here) :]

    def reset(self, blocks: list[int] | None = None) -> None:
        """Forgets these blocks (or all): they will be fetched again."""
        for index in range(len(self._blocks)) if blocks is None else blocks:
            self._blocks[index] = (0, 0)
        self.verified = False

    def adopt(self) -> None:
        """The final name now leads to a cached file: all there, still to be hashed."""
        self._blocks = [(self._length(index), 0) for index in range(len(self._blocks))]
        self.cached = True
        self.save()

    def reopen(self) -> None:
        """The bytes are not right: makes ready to fetch the bad ones again. Only the blocks that the disk changed are
        bad if there are such; otherwise what came was wrong, all of it. A cached file is let go of, not written to."""
        self.strikes += 1
        if self.cached:
            self.drop_bytes()
            self.cached = False
            self.reset()
        else:
            self.reset(self.damaged_blocks() or None)
            if self.final.exists():
                replace_file(self.final, self.part)
        self.save()

    def damaged_blocks(self) -> list[int]:
        """Blocks whose bytes on the disk are not those that were received."""
        damaged: list[int] = []
        with self.path.open("rb") as source:
            for index, (done, noted) in enumerate(self._blocks):
                source.seek(index * self.block_bytes)
                crc, left = 0, done
                while left and (data := source.read(min(left, 4 * MIB))):
                    crc, left = zlib.crc32(data, crc), left - len(data)
                if crc != noted or left:
                    damaged.append(index)
        return damaged

    # --- what lasts ----------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Writes the notes atomically. Raises OSError."""
        with self._lock:
            if self._dropped:  # a connection that was just ending must not bring them back
                return
            record = {
                "version": _NOTES_VERSION,
                "size": self.file.size,
                "etag": self.file.etag,
                "sha256": self.file.sha256,
                "seen_etag": self.seen_etag,
                "block_bytes": self.block_bytes,
                "blocks": list(self._blocks),
                "consumed": self.consumed,
                "cached": self.cached,
                "strikes": self.strikes,
            }
            fresh = self.notes.with_name(self.notes.name + ".new")
            fresh.write_text(json.dumps(record), encoding="ascii")
            replace_file(fresh, self.notes)

    def finish(self) -> None:
        """The bytes are right: gives the file its name. Raises OSError. Where a reader still holds it open (Windows)
        it keeps the name `.part` until next time."""
        self.save()
        with contextlib.suppress(PermissionError):
            if self.part.exists():
                replace_file(self.part, self.final)
        self.verified = True  # last: from now on others open it

    def consume(self) -> None:
        """Its contents are used up: notes that first, then deletes the bytes."""
        self.consumed = True
        self.save()
        self.drop_bytes()

    def drop_bytes(self) -> None:
        for path in (self.final, self.part):
            with contextlib.suppress(OSError):  # held open: the next start deletes it
                path.unlink()

    def drop_notes(self) -> None:
        with self._lock:
            self._dropped = True
            for path in (self.notes, self.notes.with_name(self.notes.name + ".new")):
                with contextlib.suppress(OSError):
                    path.unlink()

    def _load(self) -> None:
        record = self._read_notes()
        if record is None:
            if self.final.is_file() and self.final.stat().st_size == self.file.size:
                self._blocks = [(self._length(index), 0) for index in range(len(self._blocks))]
            return
        if record.get("etag") != self.file.etag or record.get("size") != self.file.size:
            raise ModelyardError(Code.HUB_FILE_CHANGED, name=self.file.path)
        self.consumed = record.get("consumed") is True
        self.cached = record.get("cached") is True
        self.seen_etag = str(record.get("seen_etag", ""))
        strikes = record.get("strikes")
        self.strikes = strikes if isinstance(strikes, int) and 0 <= strikes < 100 else 0
        if self.consumed:
            self.drop_bytes()
            return
        there = self.path.stat().st_size if self.path.exists() else 0
        blocks = _blocks_of(record.get("blocks"))
        size = record.get("block_bytes")
        if not isinstance(size, int) or size <= 0 or blocks is None or len(blocks) != -(-self.file.size // size):
            return
        self.block_bytes = size
        self._blocks = [
            (done, crc) if done <= self._length(index) and index * size + done <= there else (0, 0)
            for index, (done, crc) in enumerate(blocks)
        ]

    def _read_notes(self) -> dict[str, Any] | None:
        """None also for notes that cannot be read: then the file is fetched from the start."""
        try:
            if self.notes.stat().st_size > _NOTES_LIMIT:
                return None
            record = json.loads(self.notes.read_text(encoding="ascii"))
        except (OSError, ValueError, RecursionError):
            return None
        return record if isinstance(record, dict) and record.get("version") == _NOTES_VERSION else None

    def _length(self, index: int) -> int:
        return min(self.block_bytes, self.file.size - index * self.block_bytes)

    def _missing(self, index: int) -> bool:
        return self._blocks[index][0] < self._length(index)


def _blocks_of(value: object) -> list[tuple[int, int]] | None:
    """The blocks of notes read back, or None if they are not what we write."""
    if not isinstance(value, list):
        return None
    blocks: list[tuple[int, int]] = []
    for entry in value:
        if not (isinstance(entry, list) and len(entry) == 2 and all(type(n) is int and n >= 0 for n in entry)):
            return None
        blocks.append((entry[0], entry[1]))
    return blocks


def replace_file(fresh: Path, target: Path) -> None:
    """os.replace, patient with virus scanners on Windows that hold a new file for a moment. Raises OSError."""
    for wait in (0.02, 0.05, 0.1, 0.2):
        try:
            fresh.replace(target)
            return
        except PermissionError:
            time.sleep(wait)
    fresh.replace(target)
