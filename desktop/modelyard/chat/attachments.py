"""Attachments in the store. Equal files are kept once; what nobody refers to any more is deleted (schema.py)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from ..errors import Code, ModelyardError
from .database import MAX_ATTACHMENT_BYTES, Database
from .values import Attachment, NewAttachment, clean

_COLUMNS = "id, name, media_type, size, text"


def check(attachments: Iterable[NewAttachment]) -> None:
    """Raises CHAT_ATTACHMENT_TOO_LARGE."""
    for new in attachments:
        size = max(len(new.data), len(new.text))
        if size > MAX_ATTACHMENT_BYTES:
            raise ModelyardError(
                Code.CHAT_ATTACHMENT_TOO_LARGE, name=new.name, size_bytes=size, most_bytes=MAX_ATTACHMENT_BYTES
            )


def attach(database: Database, owner: str, owner_id: int, attachments: Iterable[NewAttachment]) -> None:
    """`owner`: "message" or "draft"."""
    for new in attachments:
        digest = hashlib.sha256(new.data).hexdigest()
        database.run("INSERT OR IGNORE INTO blob (sha256, data) VALUES (?, ?)", (digest, new.data))
        database.run(
            f"INSERT INTO attachment ({owner}, name, media_type, size, text, sha256) VALUES (?, ?, ?, ?, ?, ?)",
            (owner_id, clean(new.name), clean(new.media_type), len(new.data), clean(new.text), digest),
        )


def attach_again(database: Database, message: int, ids: Sequence[int]) -> None:
    """Gives a message the attachments that stand elsewhere, in the given order."""
    for attachment in ids:
        database.run(
            "INSERT INTO attachment (message, name, media_type, size, text, sha256)"
            " SELECT ?, name, media_type, size, text, sha256 FROM attachment WHERE id = ?",
            (message, attachment),
        )


def attached_to(database: Database, owner: str, ids: Sequence[int]) -> dict[int, tuple[Attachment, ...]]:
    """The attachments of messages or drafts, by the owner's id."""
    found: dict[int, tuple[Attachment, ...]] = {}
    for start in range(0, len(ids), 500):
        chunk = tuple(ids[start : start + 500])
        marks = ", ".join("?" * len(chunk))
        sql = f"SELECT {owner} AS owner, {_COLUMNS} FROM attachment WHERE {owner} IN ({marks}) ORDER BY id"
        for row in database.rows(sql, chunk):
            one = Attachment(row["id"], row["name"], row["media_type"], row["size"], row["text"])
            found[row["owner"]] = (*found.get(row["owner"], ()), one)
    return found


def data_of(database: Database, attachment: int) -> bytes:
    """Raises CHAT_MISSING."""
    row = database.row(
        "SELECT data FROM attachment JOIN blob ON blob.sha256 = attachment.sha256 WHERE attachment.id = ?",
        (attachment,),
    )
    if row is None:
        raise ModelyardError(Code.CHAT_MISSING, kind="attachment", id=attachment)
    return bytes(row["data"])
