"""The tables of the chat store, and how older ones become newer. PRAGMA user_version is the number of migrations
that a file has had; a shipped migration is never changed, only followed by another."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

# Parents are always older than their children: the tree cannot have a cycle.
# active_child: the branch last shown below a message; it leads from any message down to the leaf to show.
# writer: process that is streaming a message (see answer.py), NULL otherwise.
# message_index: trigrams of the text. Two line ends follow each text, so that every pair of characters begins a
# trigram: that is how words of one or two characters are found (search.py). Growing messages are not indexed.
_FIRST = """
CREATE TABLE conversation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL DEFAULT '',
    titled_by_person INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL,
    modified REAL NOT NULL,
    engine TEXT NOT NULL DEFAULT '',
    model TEXT NOT NULL DEFAULT '',
    persona TEXT NOT NULL DEFAULT '',
    system TEXT NOT NULL DEFAULT '',
    options TEXT NOT NULL DEFAULT '{}',
    pinned INTEGER NOT NULL DEFAULT 0,
    active_leaf INTEGER
);
CREATE INDEX conversation_order ON conversation (pinned DESC, modified DESC, id DESC);

CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    parent INTEGER REFERENCES message (id) CHECK (parent < id),
    active_child INTEGER,
    depth INTEGER NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    writer TEXT,
    created REAL NOT NULL,
    engine TEXT NOT NULL DEFAULT '',
    model TEXT NOT NULL DEFAULT '',
    options TEXT NOT NULL DEFAULT '{}',
    stats TEXT,
    error TEXT,
    content TEXT NOT NULL,
    thinking TEXT NOT NULL DEFAULT ''
);
CREATE INDEX message_tree ON message (conversation, parent);
CREATE INDEX message_parent ON message (parent);
CREATE INDEX message_streaming ON message (id) WHERE state = 'streaming';

CREATE TABLE blob (
    sha256 TEXT PRIMARY KEY,
    data BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE attachment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message INTEGER REFERENCES message (id) ON DELETE CASCADE,
    draft INTEGER REFERENCES draft (conversation) ON DELETE CASCADE,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    text TEXT NOT NULL DEFAULT '',
    sha256 TEXT NOT NULL REFERENCES blob (sha256),
    CHECK ((message IS NULL) <> (draft IS NULL))
);
CREATE INDEX attachment_message ON attachment (message);
CREATE INDEX attachment_draft ON attachment (draft);
CREATE INDEX attachment_blob ON attachment (sha256);

CREATE TABLE draft (
    conversation INTEGER PRIMARY KEY,
    text TEXT NOT NULL
);

CREATE TRIGGER conversation_draft AFTER DELETE ON conversation BEGIN
    DELETE FROM draft WHERE conversation = old.id;
END;
CREATE TRIGGER attachment_gone AFTER DELETE ON attachment BEGIN
    DELETE FROM blob WHERE sha256 = old.sha256
        AND NOT EXISTS (SELECT 1 FROM attachment WHERE sha256 = old.sha256);
END;

CREATE VIEW message_text AS SELECT id, content || char(10, 10) AS content FROM message WHERE state <> 'streaming';
CREATE VIRTUAL TABLE message_index USING fts5 (
    content, content = 'message_text', content_rowid = 'id', tokenize = 'trigram', detail = 'none', columnsize = 0
);
CREATE VIRTUAL TABLE message_trigrams USING fts5vocab (message_index, 'row');
CREATE TRIGGER message_indexed AFTER INSERT ON message WHEN new.state <> 'streaming' BEGIN
    INSERT INTO message_index (rowid, content) VALUES (new.id, new.content || char(10, 10));
END;
CREATE TRIGGER message_changes BEFORE UPDATE OF content, state ON message WHEN old.state <> 'streaming' BEGIN
    INSERT INTO message_index (message_index, rowid, content) VALUES ('delete', old.id, old.content || char(10, 10));
END;
CREATE TRIGGER message_changed AFTER UPDATE OF content, state ON message WHEN new.state <> 'streaming' BEGIN
    INSERT INTO message_index (rowid, content) VALUES (new.id, new.content || char(10, 10));
END;
CREATE TRIGGER message_unindexed AFTER DELETE ON message WHEN old.state <> 'streaming' BEGIN
    INSERT INTO message_index (message_index, rowid, content) VALUES ('delete', old.id, old.content || char(10, 10));
END;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST,)
VERSION = len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, migrations: tuple[str, ...] = MIGRATIONS) -> None:
    """Brings the file to the newest schema: all steps or none. Another process may be doing the same."""
    if version_of(connection) >= len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in range(version_of(connection), len(migrations)):
            for statement in _statements(migrations[number]):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; executescript() would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
