"""The messages of conversations as trees: added, edited into branches, paged along the branch that is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..errors import Code, ModelyardError
from .attachments import attach, attach_again, attached_to, check, data_of
from .branches import ACTIVE_LEAF, UP, WHOLE, Branches
from .database import Database, Row
from .records import message_of, to_json
from .titles import title_from
from .values import Message, NewAttachment, OptionValue, Page, Role, State, Stats, clean


class Messages:
    """All methods may be called from any thread. `clock` gives unix seconds."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._branches = Branches(database)

    def get(self, message: int) -> Message:
        """Raises CHAT_MISSING."""
        return self._values([self._branches.row(message)])[0]

    def add(
        self,
        conversation: int,
        role: Role,
        content: str,
        *,
        parent: int | None = ACTIVE_LEAF,
        attachments: Sequence[NewAttachment] = (),
        thinking: str = "",
        engine: str = "",
        model: str = "",
        options: Mapping[str, OptionValue] | None = None,
        state: State = State.DONE,
        stats: Stats | None = None,
        created: float | None = None,
        writer: str | None = None,
    ) -> Message:
        """Adds a message behind `parent` (None: as another first message) and shows the branch that ends with it.

        Raises CHAT_MISSING if the conversation or the parent is gone, CHAT_ATTACHMENT_TOO_LARGE, DISK_FULL.
        """
        check(attachments)
        with self._database.writing():
            parent, depth = self._branches.place(conversation, parent)
            moment = self._clock() if created is None else created
            columns: dict[str, Any] = {
                "conversation": conversation,
                "parent": parent,
                "depth": depth,
                "role": role.value,
                "state": state.value,
                "writer": writer,
                "created": moment,
                "engine": engine,
                "model": model,
                "options": to_json(options or {}),
                "stats": to_json(stats),
                "content": clean(content),
                "thinking": clean(thinking),
            }
            names = ", ".join(columns)
            marks = ", ".join(f":{name}" for name in columns)
            number = self._database.run(f"INSERT INTO message ({names}) VALUES ({marks})", columns)
            attach(self._database, "message", number, attachments)
            self._branches.show(conversation, number)
            self._touch(conversation, moment)
            self._entitle(conversation)
        return self.get(number)

    def edit(
        self, message: int, content: str, *, keep: Sequence[int] | None = None, more: Sequence[NewAttachment] = ()
    ) -> Message:
        """Another version of a message beside it, a branch of its own; the old one and what followed stay.

        keep: ids of the attachments to take over (None: all). Raises CHAT_MISSING, CHAT_ATTACHMENT_TOO_LARGE.
        """
        with self._database.writing():
            old = self.get(message)
            new = self.add(
                old.conversation, old.role, content, parent=old.parent, engine=old.engine, model=old.model,
                options=old.options,
            )  # fmt: skip
            own = [attachment.id for attachment in old.attachments]
            attach_again(self._database, new.id, [one for one in own if keep is None or one in keep])
            check(more)
            attach(self._database, "message", new.id, more)
        return self.get(new.id)

    def delete(self, message: int) -> None:
        """Deletes a message and everything behind it. If it was shown, the newest alternative beside it is shown
        now, or else its parent. Raises CHAT_MISSING."""
        with self._database.writing():
            row = self._branches.row(message)
            self.set_aside(message)
            self._database.run(
                "WITH RECURSIVE below (id) AS (SELECT ? UNION ALL"
                " SELECT message.id FROM below JOIN message ON message.parent = below.id)"
                " DELETE FROM message WHERE id IN (SELECT id FROM below)",
                (message,),
            )
            self._database.run(
                "UPDATE message SET active_child = ? WHERE id = ? AND active_child = ?",
                (self._branches.beside(row), row["parent"], message),
            )

    def set_aside(self, message: int) -> None:
        """Shows what will be shown when this message is deleted, which `switch` takes back. Raises CHAT_MISSING."""
        with self._database.writing():
            row = self._branches.row(message)
            if not self._branches.is_shown(message, row["conversation"]):
                return
            beside = self._branches.beside(row)
            if beside is not None:
                self.switch(beside)
            else:
                sql = "UPDATE conversation SET active_leaf = ? WHERE id = ?"
                self._database.run(sql, (row["parent"], row["conversation"]))

    def switch(self, message: int) -> int:
        """Shows the branch that goes through this message (the branch switcher, a search hit) down to where it was
        left; returns its last message. Raises CHAT_MISSING."""
        with self._database.writing():
            row = self._branches.row(message)
            leaf = self._branches.leaf_below(message)
            self._branches.show(row["conversation"], leaf)
        return leaf

    def tail(self, conversation: int, count: int = 50) -> Page:
        """The last messages of the branch that is shown. Raises CHAT_MISSING."""
        with self._database.reading():
            leaf = self._branches.leaf(conversation)
            return self._page(leaf, count) if leaf is not None else Page((), 0, 0)

    def older(self, message: int, count: int = 50) -> Page:
        """The messages before this one on its path. Raises CHAT_MISSING."""
        with self._database.reading():
            row = self._branches.row(message)
            if row["parent"] is None:
                return Page((), 0, row["depth"] + 1)
            page = self._page(row["parent"], count)
            return Page(page.messages, page.first, row["depth"] + 1)

    def window(self, conversation: int, first: int, count: int) -> Page:
        """`count` messages of the branch that is shown from place `first` on (to jump into the middle of a long
        conversation). Raises CHAT_MISSING."""
        with self._database.reading():
            leaf = self._branches.leaf(conversation)
            total = self._branches.row(leaf)["depth"] + 1 if leaf is not None else 0
            first = max(0, min(first, total))
            last = min(total, first + count)
            if leaf is None or first >= last:
                return Page((), first, total)
            page = self._page(self._branches.above(leaf, total - last + 1), last - first)
            return Page(page.messages, page.first, total)

    def path(self, conversation: int, until: int | None = None) -> tuple[Message, ...]:
        """All messages of the branch that is shown, or those up to message `until`: what is sent to an engine."""
        with self._database.reading():
            leaf = self._branches.leaf(conversation) if until is None else until
            return self._page(leaf, WHOLE).messages if leaf is not None else ()

    def tree(self, conversation: int) -> tuple[Message, ...]:
        """All messages of all branches, parents before their children (for export)."""
        with self._database.reading():
            rows = self._database.rows("SELECT * FROM message WHERE conversation = ? ORDER BY id", (conversation,))
            return tuple(self._values(rows))

    def attachment_data(self, attachment: int) -> bytes:
        """Raises CHAT_MISSING."""
        return data_of(self._database, attachment)

    def grow(self, message: int, content: str, thinking: str) -> None:
        """Appends to a message (answer.py)."""
        self._database.run(
            "UPDATE message SET content = content || ?, thinking = thinking || ? WHERE id = ?",
            (clean(content), clean(thinking), message),
        )

    def set_state(
        self,
        message: int,
        state: State,
        *,
        stats: Stats | None = None,
        error: Mapping[str, str | int | float | None] | None = None,
        writer: str | None = None,
    ) -> Message:
        """Ends an answer, or lets it grow again (state STREAMING with its writer). Raises CHAT_MISSING."""
        with self._database.writing():
            self._database.run(
                "UPDATE message SET state = ?, stats = coalesce(?, stats), error = ?, writer = ? WHERE id = ?",
                (state.value, to_json(stats), to_json(error), writer, message),
            )
            found = self.get(message)
            self._touch(found.conversation, self._clock())
            self._entitle(found.conversation)
        return found

    def _page(self, last: int, count: int) -> Page:
        """Up to `count` messages of a path that end with message `last`."""
        messages = tuple(self._values(self._branches.way(last, count)))
        if not messages:
            raise ModelyardError(Code.CHAT_MISSING, kind="message", id=last)
        return Page(messages, messages[0].depth, messages[-1].depth + 1)

    def _values(self, rows: Sequence[Row]) -> list[Message]:
        ids = [row["id"] for row in rows]
        attachments = attached_to(self._database, "message", ids)
        siblings = self._siblings(ids)
        return [message_of(row, attachments.get(row["id"], ()), siblings.get(row["id"], ())) for row in rows]

    def _siblings(self, ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
        found: dict[int, list[int]] = {}
        for start in range(0, len(ids), 500):
            chunk = tuple(ids[start : start + 500])
            rows = self._database.rows(
                "SELECT own.id AS own, other.id AS other FROM message AS own JOIN message AS other"
                " ON other.conversation = own.conversation AND other.parent IS own.parent"
                f" WHERE own.id IN ({', '.join('?' * len(chunk))}) ORDER BY other.id",
                chunk,
            )
            for row in rows:
                found.setdefault(row["own"], []).append(row["other"])
        return {own: tuple(others) for own, others in found.items()}

    def _touch(self, conversation: int, moment: float) -> None:
        self._database.run("UPDATE conversation SET modified = max(modified, ?) WHERE id = ?", (moment, conversation))

    def _entitle(self, conversation: int) -> None:
        """Titles a conversation by its first exchange, until its second question or its person decide."""
        row = self._database.row("SELECT titled_by_person FROM conversation WHERE id = ?", (conversation,))
        if row is None or row["titled_by_person"]:
            return
        texts = self._first_exchange(conversation)
        if texts is not None:
            sql = "UPDATE conversation SET title = ? WHERE id = ?"
            self._database.run(sql, (title_from(*texts), conversation))

    def _first_exchange(self, conversation: int) -> tuple[str, str] | None:
        """Question and answer, while the conversation has no more than that."""
        leaf = self._branches.leaf(conversation)
        if leaf is None or self._branches.row(leaf)["depth"] > 3:
            return None
        rows = self._database.rows(
            f"{UP} SELECT role, substr(content, 1, 4000) AS content FROM up"
            " JOIN message ON message.id = up.id ORDER BY up.step DESC",
            {"id": leaf, "count": 4},
        )
        questions = [row["content"] for row in rows if row["role"] == Role.USER]
        answers = [row["content"] for row in rows if row["role"] == Role.ASSISTANT]
        return (questions[0], _first(answers)) if len(questions) == 1 else None


def _first(texts: Iterable[str]) -> str:
    return next(iter(texts), "")
