"""What was typed and not sent: survives a crash."""

from __future__ import annotations

from collections.abc import Sequence

from .attachments import attach, attached_to, check
from .database import Database
from .values import Draft, NewAttachment, clean

NEW_CONVERSATION = 0  # the draft of a conversation that does not exist yet


class Drafts:
    """One draft a conversation. All methods may be called from any thread; the window calls `save` about a second
    after the last key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, conversation: int = NEW_CONVERSATION) -> Draft:
        row = self._database.row("SELECT text FROM draft WHERE conversation = ?", (conversation,))
        if row is None:
            return Draft()
        return Draft(row["text"], attached_to(self._database, "draft", [conversation]).get(conversation, ()))

    def save(self, text: str, conversation: int = NEW_CONVERSATION) -> None:
        """Keeps the text; the attachments stay. Raises DISK_FULL."""
        sql = (
            "INSERT INTO draft (conversation, text) VALUES (?, ?)"
            " ON CONFLICT (conversation) DO UPDATE SET text = excluded.text"
        )
        self._database.run(sql, (conversation, clean(text)))

    def attach(self, attachments: Sequence[NewAttachment], conversation: int = NEW_CONVERSATION) -> Draft:
        """Raises CHAT_ATTACHMENT_TOO_LARGE, DISK_FULL."""
        check(attachments)
        with self._database.writing():
            sql = "INSERT OR IGNORE INTO draft (conversation, text) VALUES (?, '')"
            self._database.run(sql, (conversation,))
            attach(self._database, "draft", conversation, attachments)
        return self.get(conversation)

    def detach(self, attachment: int) -> None:
        self._database.run("DELETE FROM attachment WHERE id = ? AND draft IS NOT NULL", (attachment,))

    def clear(self, conversation: int = NEW_CONVERSATION) -> None:
        """After sending."""
        self._database.run("DELETE FROM draft WHERE conversation = ?", (conversation,))
