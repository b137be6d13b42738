"""Which branch of a conversation's tree is shown, and the ways along it. Every message remembers which of those behind
it was shown last (`active_child`), the conversation where its shown branch ends (`active_leaf`)."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import Code, ModelyardError
from .database import Database, Row

ACTIVE_LEAF = -1  # as a parent: behind the last message of the branch that is shown
WHOLE = 1_000_000_000  # steps: all the way
# From message :id up to the first one of its path, at most :count steps.
UP = (
    "WITH RECURSIVE up (id, parent, step) AS ("
    " SELECT id, parent, 1 FROM message WHERE id = :id"
    " UNION ALL SELECT message.id, message.parent, step + 1 FROM up JOIN message ON message.id = up.parent"
    " WHERE step < :count)"
)
# From message :id down to the leaf last shown below it.
_DOWN = (
    "WITH RECURSIVE down (id) AS (SELECT :id UNION ALL"
    " SELECT message.active_child FROM down JOIN message ON message.id = down.id"
    " WHERE message.active_child > message.id)"
)


class Branches:
    """All methods may be called from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def row(self, message: int) -> Row:
        """Raises CHAT_MISSING."""
        row = self._database.row("SELECT * FROM message WHERE id = ?", (message,))
        if row is None:
            raise ModelyardError(Code.CHAT_MISSING, kind="message", id=message)
        return row

    def leaf(self, conversation: int) -> int | None:
        """The end of the shown branch; the newest message if what the file says does not exist. Raises CHAT_MISSING."""
        row = self._database.row(
            "SELECT active_leaf, (SELECT id FROM message WHERE id = active_leaf AND conversation = :id) AS found"
            " FROM conversation WHERE id = :id",
            {"id": conversation},
        )
        if row is None:
            raise ModelyardError(Code.CHAT_MISSING, kind="conversation", id=conversation)
        leaf: int | None = row["found"]
        if leaf is None and row["active_leaf"] is not None:
            newest = self._database.row("SELECT max(id) AS id FROM message WHERE conversation = ?", (conversation,))
            leaf = newest["id"] if newest is not None else None
        return leaf

    def leaf_below(self, message: int) -> int:
        """Where the branch through this message was left."""
        found = self._database.row(f"{_DOWN} SELECT max(id) AS leaf FROM down", {"id": message})
        return int(found["leaf"]) if found is not None else message

    def above(self, message: int, count: int) -> int:
        """The first of the up to `count` messages that end with this one."""
        found = self._database.row(
            f"{UP} SELECT id FROM up ORDER BY step DESC LIMIT 1", {"id": message, "count": count}
        )
        return int(found["id"]) if found is not None else message

    def way(self, message: int, count: int) -> Sequence[Row]:
        """The up to `count` messages that end with this one, the first one first."""
        sql = f"{UP} SELECT message.* FROM up JOIN message ON message.id = up.id ORDER BY up.step DESC"
        return self._database.rows(sql, {"id": message, "count": count})

    def beside(self, row: Row) -> int | None:
        """The newest alternative to a message."""
        found = self._database.row(
            "SELECT max(id) AS id FROM message WHERE conversation = ? AND parent IS ? AND id <> ?",
            (row["conversation"], row["parent"], row["id"]),
        )
        return found["id"] if found is not None else None

    def is_shown(self, message: int, conversation: int) -> bool:
        sql = f"{UP} SELECT 1 FROM up WHERE id = :message"
        leaf = self.leaf(conversation)
        return self._database.row(sql, {"id": leaf, "count": WHOLE, "message": message}) is not None

    def place(self, conversation: int, parent: int | None) -> tuple[int | None, int]:
        """The true parent, and the depth of a message behind it. Raises CHAT_MISSING."""
        leaf = self.leaf(conversation)
        if parent == ACTIVE_LEAF:
            parent = leaf
        if parent is None:
            return None, 0
        row = self.row(parent)
        if row["conversation"] != conversation:
            raise ModelyardError(Code.CHAT_MISSING, kind="message", id=parent)
        return parent, int(row["depth"]) + 1

    def show(self, conversation: int, leaf: int) -> None:
        """Makes `leaf` the end of the shown branch and lets every message above remember the way to it."""
        self._database.run(
            f"{UP} UPDATE message SET active_child = way.id FROM up AS way"
            " WHERE message.id = way.parent AND message.active_child IS NOT way.id",
            {"id": leaf, "count": self._steps_to_remember(conversation, leaf)},
        )
        self._database.run("UPDATE conversation SET active_leaf = ? WHERE id = ?", (leaf, conversation))

    def _steps_to_remember(self, conversation: int, leaf: int) -> int:
        """One step is enough for a message behind the shown end: the way there is known."""
        return 1 if self.row(leaf)["parent"] == self.leaf(conversation) else WHOLE
