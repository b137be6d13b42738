"""A damaged chat file: kept aside as it is, and everything that can still be read moved into a new one."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import schema
from .rescue_schema import has_tables, transplant_tables

_COMPANIONS = ("-wal", "-shm")
_MAX_PROBES = 200_000
_TABLES = ("blob", "conversation", "message", "draft", "attachment")


@dataclass(frozen=True)
class Rescue:
    """What was done: where the damaged file is kept, and how much of it was saved."""

    kept: Path
    conversations: int
    messages: int


def rescue(path: Path) -> Rescue:
    """Renames the damaged file (and its journal) and writes a sound one at `path`. Raises OSError."""
    kept = _put_aside(path)
    new = path.with_name(path.name + ".new")
    for leftover in (new, *(_companion(new, suffix) for suffix in _COMPANIONS)):
        leftover.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as target:
        schema.migrate(target)
        target.row_factory = sqlite3.Row
        with _readable_copy(kept) as copy, contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as source:
            source.row_factory = sqlite3.Row
            source.text_factory = lambda raw: raw.decode("utf-8", "replace")
            source.execute("PRAGMA writable_schema = ON")  # read what there is, even of a file that was cut off
            target.execute("BEGIN")
            for table in _TABLES:
                _copy_table(source, target, table)
            _mend(target)
            target.execute("COMMIT")
        counts = [
            target.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("conversation", "message")
        ]
    new.replace(path)
    return Rescue(kept, *counts)


def _put_aside(path: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    kept = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.stem}.damaged-{stamp}-{number}{path.suffix}")
    path.replace(kept)
    for suffix in _COMPANIONS:
        if _companion(path, suffix).exists():
            _companion(path, suffix).replace(_companion(kept, suffix))
    return kept


def _companion(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


@contextlib.contextmanager
def _readable_copy(kept: Path) -> Iterator[Path]:
    """A copy to read from: SQLite may write into a file that it opens (its journal), and the kept one stays as is."""
    copy = kept.with_name(kept.name + ".reading")
    shutil.copyfile(kept, copy)
    for suffix in _COMPANIONS:
        if _companion(kept, suffix).exists():
            shutil.copyfile(_companion(kept, suffix), _companion(copy, suffix))
    try:
        if not has_tables(copy):
            transplant_tables(copy)
        yield copy
    finally:
        for leftover in (copy, *(_companion(copy, suffix) for suffix in _COMPANIONS)):
            leftover.unlink(missing_ok=True)


def _copy_table(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> None:
    known = [row["name"] for row in target.execute(f"PRAGMA table_info({table})")]
    for row in _rows(source, table):
        columns = [column for column in known if column in row.keys()]  # noqa: SIM118 - a Row iterates over values
        marks = ", ".join("?" * len(columns))
        # Rows that break a rule of the table (a NULL where none may be, a parent younger than its child) are left.
        with contextlib.suppress(sqlite3.Error):
            sql = f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({marks})"
            target.execute(sql, [row[column] for column in columns])


def _rows(source: sqlite3.Connection, table: str) -> Iterator[sqlite3.Row]:
    """Every row that can be read: from the front until a bad page, from the back until a bad page, and what lies
    between one by one."""
    key = {"blob": "sha256", "draft": "conversation"}.get(table, "id")
    last = yield from _scan(source, f"SELECT * FROM {table} ORDER BY {key}", key)
    if last is _COMPLETE:
        return
    first = yield from _scan(source, f"SELECT * FROM {table} ORDER BY {key} DESC", key)
    if isinstance(last, int) and isinstance(first, int):
        for number in range(last + 1, min(first, last + _MAX_PROBES)):
            with contextlib.suppress(sqlite3.Error):
                row = source.execute(f"SELECT * FROM {table} WHERE {key} = ?", (number,)).fetchone()
                if row is not None:
                    yield row


_COMPLETE = object()


def _scan(source: sqlite3.Connection, sql: str, key: str) -> Generator[sqlite3.Row, None, Any]:
    """Yields rows; returns _COMPLETE, or the key of the last row before the error (0 if there was none)."""
    seen: Any = 0
    try:
        for row in source.execute(sql):
            seen = row[key]
            yield row
    except (sqlite3.Error, OverflowError, UnicodeDecodeError):
        return seen
    return _COMPLETE


def _mend(target: sqlite3.Connection) -> None:
    """Makes the saved rows a sound tree again: conversations that were lost are made anew without a title, a message
    whose parent was lost follows the newest older message of its conversation, a growing one is interrupted."""
    now = time.time()
    target.execute(
        "INSERT INTO conversation (id, created, modified) SELECT conversation, min(created), max(created) FROM message"
        " WHERE conversation NOT IN (SELECT id FROM conversation) GROUP BY conversation"
    )
    target.execute("DELETE FROM attachment WHERE sha256 NOT IN (SELECT sha256 FROM blob)")
    target.execute(
        "DELETE FROM attachment WHERE (message IS NOT NULL AND message NOT IN (SELECT id FROM message))"
        " OR (draft IS NOT NULL AND draft NOT IN (SELECT conversation FROM draft))"
    )
    target.execute(
        "UPDATE message SET parent = (SELECT max(older.id) FROM message AS older"
        " WHERE older.conversation = message.conversation AND older.id < message.id)"
        " WHERE parent IS NOT NULL AND parent NOT IN (SELECT id FROM message)"
    )
    depths: dict[int, int] = {}
    for row in target.execute("SELECT id, parent FROM message ORDER BY id").fetchall():
        depths[row["id"]] = depths.get(row["parent"], -1) + 1
        target.execute("UPDATE message SET depth = ? WHERE id = ?", (depths[row["id"]], row["id"]))
    target.execute("UPDATE message SET state = 'interrupted', writer = NULL WHERE state = 'streaming'")
    target.execute(
        "UPDATE message SET active_child = (SELECT max(child.id) FROM message AS child WHERE child.parent = message.id)"
        " WHERE active_child IS NULL OR active_child NOT IN (SELECT id FROM message)"
    )
    target.execute(
        "UPDATE conversation SET active_leaf ="
        " (SELECT max(id) FROM message WHERE message.conversation = conversation.id)"
        " WHERE active_leaf IS NULL OR active_leaf NOT IN (SELECT id FROM message)"
    )
    target.execute("UPDATE conversation SET modified = ? WHERE modified IS NULL OR modified > ?", (now, now))
