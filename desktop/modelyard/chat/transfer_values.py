"""Conversations and messages without ids of the store; parents are places in the list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .values import NewAttachment, OptionValue, Role, State, Stats

MAX_MESSAGES = 200_000


@dataclass(frozen=True)
class MessageRecord:
    """`parent`: place of the message before it, smaller than its own; None = a first message."""

    parent: int | None
    role: Role
    content: str
    thinking: str = ""
    created: float | None = None
    state: State = State.DONE
    engine: str = ""
    model: str = ""
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    stats: Stats | None = None
    attachments: tuple[NewAttachment, ...] = ()


@dataclass(frozen=True)
class ConversationRecord:
    """`active`: place of the last message of the branch that is shown."""

    title: str
    messages: tuple[MessageRecord, ...]
    active: int | None = None
    created: float | None = None
    engine: str = ""
    model: str = ""
    persona: str = ""
    system: str = ""
    options: Mapping[str, OptionValue] = field(default_factory=dict)
