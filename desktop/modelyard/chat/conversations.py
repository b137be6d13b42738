"""The list of conversations and what each is set to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import Code, ModelyardError
from .database import Database
from .records import conversation_of, to_json
from .values import Conversation, OptionValue, clean

_SELECT = (
    "SELECT conversation.*, (SELECT depth + 1 FROM message WHERE message.id = active_leaf) AS messages"
    " FROM conversation"
)


class Conversations:
    """All methods are short and may be called from any thread. `clock` gives unix seconds."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def create(
        self,
        *,
        title: str = "",
        engine: str = "",
        model: str = "",
        persona: str = "",
        system: str = "",
        options: Mapping[str, OptionValue] | None = None,
    ) -> Conversation:
        """A title given here counts as the person's own and is not replaced."""
        now = self._clock()
        number = self._database.run(
            "INSERT INTO conversation (title, titled_by_person, created, modified, engine, model, persona, system,"
            " options) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (clean(title), bool(title), now, now, engine, model, clean(persona), clean(system), to_json(options or {})),
        )
        return self.get(number)

    def get(self, conversation: int) -> Conversation:
        """Raises CHAT_MISSING."""
        row = self._database.row(f"{_SELECT} WHERE id = ?", (conversation,))
        if row is None:
            raise ModelyardError(Code.CHAT_MISSING, kind="conversation", id=conversation)
        return conversation_of(row)

    def list(self, limit: int = 200, offset: int = 0) -> list[Conversation]:
        """Pinned ones first, then the last changed first."""
        sql = f"{_SELECT} ORDER BY pinned DESC, modified DESC, id DESC LIMIT ? OFFSET ?"
        return [conversation_of(row) for row in self._database.rows(sql, (limit, offset))]

    def rename(self, conversation: int, title: str) -> Conversation:
        """An empty title lets the next answer make one again."""
        return self._set(conversation, title=clean(title).strip(), titled_by_person=bool(title.strip()))

    def pin(self, conversation: int, pinned: bool) -> Conversation:
        return self._set(conversation, pinned=pinned)

    def settle(
        self,
        conversation: int,
        *,
        engine: str | None = None,
        model: str | None = None,
        persona: str | None = None,
        system: str | None = None,
        options: Mapping[str, OptionValue] | None = None,
    ) -> Conversation:
        """Changes what the next answers are made with; None leaves a value as it is."""
        changes = {"engine": engine, "model": model, "persona": persona, "system": system}
        kept: dict[str, Any] = {key: clean(value) for key, value in changes.items() if value is not None}
        if options is not None:
            kept["options"] = to_json(options)
        return self._set(conversation, **kept)

    def delete(self, conversation: int) -> None:
        """With all its messages, attachments and its draft. Deleting what is gone already is no error."""
        self._database.run("DELETE FROM conversation WHERE id = ?", (conversation,))

    def count(self) -> int:
        row = self._database.row("SELECT count(*) FROM conversation")
        return int(row[0]) if row is not None else 0

    def _set(self, conversation: int, **columns: Any) -> Conversation:
        if columns:
            assignments = ", ".join(f"{column} = ?" for column in columns)
            sql = f"UPDATE conversation SET {assignments} WHERE id = ?"
            self._database.run(sql, (*columns.values(), conversation))
        return self.get(conversation)
