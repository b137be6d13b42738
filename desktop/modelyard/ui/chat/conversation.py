"""The conversation that is open, and what the view needs of the store that keeps them all."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ...engines.base import ChatMessage, ChatStats


@dataclass(frozen=True)
class Head:
    """A conversation in the list. `updated` in unix seconds."""

    id: str
    title: str
    engine: str = ""
    model: str = ""
    updated: float = 0.0


@dataclass(frozen=True)
class Entry:
    """One stored message."""

    id: str
    role: str  # "user" or "assistant"
    content: str
    thinking: str = ""
    stats: ChatStats | None = None

    def for_engine(self) -> ChatMessage:
        return ChatMessage(self.role, self.content)


class Conversations(Protocol):
    """Keeps conversations. Calls are short but touch the disk: the view makes them in a lane of their own, in order.

    Ids are made by the window (`new_id`), so that it never waits for the disk.
    """

    def heads(self, search: str = "") -> Sequence[Head]:
        """Newest first."""

    def entries(self, conversation: str) -> Sequence[Entry]:
        """In their order."""

    def save_head(self, head: Head) -> None: ...

    def save_entry(self, conversation: str, entry: Entry) -> None:
        """Adds an entry at the end, or replaces the one of the same id."""

    def remove_entry(self, conversation: str, entry: str) -> None: ...

    def remove(self, conversation: str) -> None: ...


def new_id() -> str:
    return secrets.token_hex(8)


def title_of(text: str) -> str:
    """The title of a conversation that begins with `text`."""
    first = " ".join(text.split())
    return first if len(first) <= 60 else first[:57].rstrip() + " …"
