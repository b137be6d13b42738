"""A second start for a file whose list of tables is lost (https://www.sqlite.org/fileformat2.html).

All tables of the store are made at once when the file is new, so the list of tables and the pages where the tables
begin are the same in every file. If page 1 or another page of that list is damaged, those of a new, empty file are
put in their place: the contents behind them can be read again.
"""

from __future__ import annotations

import contextlib
import sqlite3
import struct
from pathlib import Path

from . import schema

_PAGE = 4096  # SQLite's default since 2016, never changed by us
_HEADER = 100  # of the file, before the tree on page 1
_INTERIOR = 5  # a table page that holds numbers of other pages


def has_tables(path: Path) -> bool:
    """Whether SQLite still finds our tables in the file, with columns of names that we know."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as empty:
        schema.migrate(empty)
        known = {table: _columns(empty, table) for table in ("conversation", "message")}
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA writable_schema = ON")
            return all("id" in _columns(connection, table) <= columns for table, columns in known.items())
    except (sqlite3.Error, UnicodeDecodeError):
        return False


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {column[0] for column in connection.execute(f"SELECT * FROM {table} LIMIT 0").description}


def transplant_tables(path: Path) -> None:
    """Overwrites the list of tables of the file with that of an empty store. Raises OSError, sqlite3.Error."""
    template = path.with_name(path.name + ".empty")
    try:
        with contextlib.closing(sqlite3.connect(template, isolation_level=None)) as connection:
            schema.migrate(connection)
        empty = template.read_bytes()
    finally:
        template.unlink(missing_ok=True)
    with path.open("r+b") as file:
        pages = file.seek(0, 2) // _PAGE
        for number in (1, *_children(empty)):
            if number <= pages:
                file.seek((number - 1) * _PAGE)
                file.write(empty[(number - 1) * _PAGE : number * _PAGE])
        file.seek(28)
        file.write(struct.pack(">III", pages, 0, 0))  # pages in the file, no list of free pages


def _children(data: bytes) -> list[int]:
    """The pages that page 1 refers to."""
    kind, _, cells = struct.unpack_from(">BHH", data, _HEADER)
    if kind != _INTERIOR:
        return []
    found = [struct.unpack_from(">I", data, _HEADER + 8)[0]]
    for place in struct.unpack_from(f">{cells}H", data, _HEADER + 12):
        found.append(struct.unpack_from(">I", data, place)[0])
    return found
