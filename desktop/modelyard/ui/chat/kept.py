"""The chat store as the first chat view sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields

from ...chat.store import ChatStore
from ...chat.values import Conversation, Message, Role, State, Stats
from ...engines.base import ChatStats
from .conversation import Entry, Head


class KeptConversations:
    """Conversations in the store, opened when first needed. Ids of the window are mapped to those of the store; a
    conversation from an earlier run has the store's own number as its id."""

    def __init__(self, open_store: Callable[[], ChatStore]) -> None:
        self._open = open_store
        self._store: ChatStore | None = None
        self._numbers: dict[str, int] = {}
        self._lock = threading.Lock()

    def _kept(self) -> ChatStore:
        with self._lock:
            if self._store is None:
                self._store = self._open()
            return self._store

    def heads(self, search: str = "") -> Sequence[Head]:
        store = self._kept()
        names = {number: name for name, number in self._numbers.items()}
        if not search.strip():
            return [_head(each, names) for each in store.conversations.list()]
        found = dict.fromkeys(hit.conversation for hit in store.search(search))
        return [_head(store.conversations.get(number), names) for number in found]

    def entries(self, conversation: str) -> Sequence[Entry]:
        number = self._number(conversation)
        if number is None:
            return []
        names = {each: name for name, each in self._numbers.items()}
        return [_entry(message, names) for message in self._kept().messages.path(number)]

    def save_head(self, head: Head) -> None:
        store = self._kept()
        number = self._number(head.id)
        if number is None:
            made = store.conversations.create(title=head.title, engine=head.engine, model=head.model)
            self._numbers[head.id] = made.id
            return
        if store.conversations.get(number).title != head.title:
            store.conversations.rename(number, head.title)
        store.conversations.settle(number, engine=head.engine, model=head.model)

    def save_entry(self, conversation: str, entry: Entry) -> None:
        number = self._number(conversation)
        if number is None:
            return
        store = self._kept()
        known = self._number(entry.id)
        if known is None:
            added = store.messages.add(number, Role(entry.role), entry.content)
            known = self._numbers[entry.id] = added.id
        else:
            before = store.messages.get(known)
            if entry.content.startswith(before.content) and entry.thinking.startswith(before.thinking):
                store.messages.grow(known, entry.content[len(before.content) :], entry.thinking[len(before.thinking) :])
        if entry.stats is not None:
            kept = {field.name for field in fields(Stats)}
            stats = Stats(**{key: value for key, value in asdict(entry.stats).items() if key in kept})
            state = State.STOPPED if stats.reason == "cancelled" else State.DONE
            store.messages.set_state(known, state, stats=stats)

    def remove_entry(self, conversation: str, entry: str) -> None:
        number = self._number(entry)
        if number is not None:
            self._kept().messages.delete(number)

    def remove(self, conversation: str) -> None:
        number = self._number(conversation)
        if number is not None:
            self._kept().conversations.delete(number)

    def close(self) -> None:
        with self._lock:
            if self._store is not None:
                self._store.close()

    def _number(self, name: str) -> int | None:
        return int(name) if name.isdecimal() else self._numbers.get(name)


def _head(kept: Conversation, names: dict[int, str]) -> Head:
    name = names.get(kept.id, str(kept.id))
    return Head(name, kept.title, kept.engine, kept.model, kept.modified)


def _entry(message: Message, names: dict[int, str]) -> Entry:
    stats = message.stats
    shown = None
    if stats is not None:
        known = {field.name for field in fields(ChatStats)}
        shown = ChatStats(**{key: value for key, value in asdict(stats).items() if key in known})
    name = names.get(message.id, str(message.id))
    return Entry(name, message.role.value, message.content, message.thinking, shown)
