"""The chat store: conversations, messages, drafts and search over one SQLite file.

One ChatStore object serves the whole program. Its methods may be called from any thread (they take turns, each for
milliseconds); the window calls them from a worker thread, never from the thread that draws. Another process may
have the same file open.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from ..errors import Code, ModelyardError
from ..host.owner import is_alive, this_process
from .answer import SAVE_SECONDS, AnswerWriter
from .branches import ACTIVE_LEAF
from .conversations import Conversations
from .database import Damaged, Database
from .drafts import Drafts
from .messages import Messages
from .rescue import Rescue, rescue
from .search import search
from .values import OptionValue, Role, SearchHit, State


class ChatStore:
    """Open with `ChatStore(path)`, end with `close()` (or use as a context manager).

    Attributes: conversations, messages, drafts; rescued: what was done if the file was damaged, else None;
    interrupted: ids of answers that an ended program left unfinished.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Opens or creates the file and checks it. A damaged one is kept aside and its readable part taken over.

        Raises CHAT_STORE_NEWER, FOLDER_NOT_WRITABLE, CHAT_STORE_BUSY, DISK_FULL, FILE_UNREADABLE.
        """
        self.rescued: Rescue | None = None
        try:
            self._database = Database(path)
        except Damaged:
            self.rescued = _rescued(path)
            self._database = Database(path)
        self.conversations = Conversations(self._database, clock)
        self.messages = Messages(self._database, clock)
        self.drafts = Drafts(self._database)
        try:
            self.interrupted = self._end_interrupted()
        except BaseException:
            self.close()
            raise

    def begin_answer(
        self,
        conversation: int,
        *,
        parent: int | None = ACTIVE_LEAF,
        engine: str = "",
        model: str = "",
        options: Mapping[str, OptionValue] | None = None,
        seconds: float = SAVE_SECONDS,
    ) -> AnswerWriter:
        """An answer that will grow, behind the shown end. To answer again (regenerate), give the parent of the
        answer that there is. Raises CHAT_MISSING, DISK_FULL."""
        message = self.messages.add(
            conversation,
            Role.ASSISTANT,
            "",
            parent=parent,
            engine=engine,
            model=model,
            options=options,
            state=State.STREAMING,
            writer=this_process(),
        )
        return AnswerWriter(self.messages, message, seconds)

    def resume_answer(self, message: int, seconds: float = SAVE_SECONDS) -> AnswerWriter:
        """Lets an ended answer grow on ("Continue"). Raises CHAT_MISSING."""
        found = self.messages.set_state(message, State.STREAMING, writer=this_process())
        return AnswerWriter(self.messages, found, seconds)

    def search(self, query: str, limit: int = 50, conversation: int | None = None) -> list[SearchHit]:
        """See search.search. Growing answers are found when they have ended."""
        return search(self._database, query, limit, conversation)

    def writing(self) -> AbstractContextManager[None]:
        """Several changes that count together or not at all. Other threads wait meanwhile: keep it short."""
        return self._database.writing()

    def close(self) -> None:
        """Idempotent."""
        self._database.close()

    def __enter__(self) -> ChatStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _end_interrupted(self) -> tuple[int, ...]:
        """Marks answers whose writing process has ended; those of another running process are left alone."""
        rows = self._database.rows("SELECT id, writer FROM message WHERE state = 'streaming'")
        left = tuple(row["id"] for row in rows if not is_alive(row["writer"] or ""))
        for message in left:
            self.messages.set_state(message, State.INTERRUPTED)
        return left


def _rescued(path: Path) -> Rescue:
    try:
        return rescue(path)
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise ModelyardError(Code.FILE_UNREADABLE, name=path.name, detail=detail) from error
