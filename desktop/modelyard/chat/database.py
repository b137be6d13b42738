"""The SQLite file of the chats: opened with care, one connection for all threads, errors as codes."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import Code, ModelyardError
from . import schema

BUSY_SECONDS = 10.0  # another process (the command line) may be writing
# One picture or document. SQLite itself would take 1 GB.
MAX_ATTACHMENT_BYTES = 100_000_000

Row = sqlite3.Row


class Damaged(Exception):
    """The file is not a sound database."""


class Database:
    """One connection behind a lock: safe to use from any thread, calls wait for each other. Every call is short
    (milliseconds), so that a search does not hold up an answer that streams."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the file. Raises Damaged, CHAT_STORE_NEWER, FOLDER_NOT_WRITABLE, CHAT_STORE_BUSY,
        FILE_UNREADABLE, DISK_FULL."""
        self.path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ModelyardError(Code.FOLDER_NOT_WRITABLE, folder=str(path.parent)) from error
        with self._translated():
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
            )
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        connection = self._connection
        connection.row_factory = sqlite3.Row
        connection.text_factory = _text
        try:
            if schema.version_of(connection) > schema.VERSION:
                raise ModelyardError(Code.CHAT_STORE_NEWER, name=self.path.name)
            check = connection.execute("PRAGMA quick_check(1)").fetchone()
        except UnicodeDecodeError as error:  # in the name of a table or column
            raise Damaged(str(error)) from error
        except sqlite3.DatabaseError as error:
            if _is_damage(error):
                raise Damaged(str(error)) from error
            raise self._coded(error) from error
        if check is None or check[0] != "ok":
            raise Damaged(str(check and check[0]))
        with self._translated():
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")  # a power cut may cost the last second, never the file
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = FAST")
            connection.execute("PRAGMA cache_size = -16000")
            schema.migrate(connection)

    def rows(self, sql: str, parameters: tuple[Any, ...] | Mapping[str, Any] = ()) -> list[Row]:
        """All rows of a query. Raises CHAT_STORE_DAMAGED, CHAT_STORE_BUSY, FILE_UNREADABLE."""
        with self._lock, self._translated():
            return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: tuple[Any, ...] | Mapping[str, Any] = ()) -> Row | None:
        with self._lock, self._translated():
            found: Row | None = self._connection.execute(sql, parameters).fetchone()
            return found

    def run(self, sql: str, parameters: tuple[Any, ...] | Mapping[str, Any] = ()) -> int:
        """Executes one statement; returns the id of an inserted row. Inside `writing` part of its transaction."""
        with self._lock, self._translated():
            return self._connection.execute(sql, parameters).lastrowid or 0

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction: all or nothing. May be nested (the outermost one counts)."""
        with self._lock, self._translated():
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Several queries that see the same state of the file. May be nested, also in `writing`."""
        with self._lock, self._translated():
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("COMMIT")

    def close(self) -> None:
        """Idempotent."""
        with self._lock:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA optimize")
            self._connection.close()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._coded(error) from error

    def _coded(self, error: sqlite3.Error) -> ModelyardError:
        number = getattr(error, "sqlite_errorcode", 0) & 0xFF
        folder = str(self.path.parent)
        if number == sqlite3.SQLITE_FULL:
            free = shutil.disk_usage(self.path.parent).free
            return ModelyardError(Code.DISK_FULL, folder=folder, need_bytes=free + 4096, free_bytes=free)
        if number in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            return ModelyardError(Code.FOLDER_NOT_WRITABLE, folder=folder)
        if number in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return ModelyardError(Code.CHAT_STORE_BUSY, name=self.path.name)
        if _is_damage(error):
            return ModelyardError(Code.CHAT_STORE_DAMAGED, name=self.path.name)
        return ModelyardError(Code.FILE_UNREADABLE, name=self.path.name, detail=str(error))


def _text(raw: bytes) -> str:
    """One wrong byte on the disk costs one character, not the conversation."""
    return raw.decode("utf-8", "replace")


def _is_damage(error: sqlite3.Error) -> bool:
    number = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return number in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
