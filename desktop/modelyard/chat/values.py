"""The values of a conversation. Plain and frozen; nothing of engines or Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

OptionValue = bool | int | float | str | tuple[str, ...]


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class State(StrEnum):
    """How far a message is. Only DONE, STOPPED, FAILED and INTERRUPTED rest; a STREAMING one is still growing."""

    DONE = "done"
    STREAMING = "streaming"
    STOPPED = "stopped"  # by the person
    FAILED = "failed"  # Message.error says why
    INTERRUPTED = "interrupted"  # the program ended while it was streaming


@dataclass(frozen=True)
class Stats:
    """Figures of one answer. reason: "stop", "length" or "cancelled". Times in seconds."""

    reason: str = ""
    prompt_tokens: int = 0
    answer_tokens: int = 0
    load_seconds: float = 0.0
    first_token_seconds: float = 0.0
    thinking_seconds: float = 0.0
    tokens_per_second: float = 0.0
    context_length: int | None = None
    forgotten: int = 0  # of the oldest messages, left out because the conversation memory was full


@dataclass(frozen=True)
class NewAttachment:
    """Something to attach. `data`: the bytes of a picture or file; `text`: what was read out of it for the model
    ("" for pictures)."""

    name: str
    media_type: str
    data: bytes
    text: str = ""


@dataclass(frozen=True)
class Attachment:
    """An attachment in the store; Messages.attachment_data(id) fetches the bytes, `size` of them."""

    id: int
    name: str
    media_type: str
    size: int
    text: str = ""


@dataclass(frozen=True)
class Message:
    """One message of the tree.

    siblings: ids of all alternatives at this place in the order they were made, itself among them (the branch
    switcher shows its position in it). depth: place on its path, 0 = first. error: an error code and its fields.
    `created` in unix seconds.
    """

    id: int
    conversation: int
    parent: int | None
    depth: int
    role: Role
    content: str
    created: float
    thinking: str = ""
    state: State = State.DONE
    engine: str = ""
    model: str = ""
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    stats: Stats | None = None
    error: Mapping[str, str | int | float | None] | None = None
    attachments: tuple[Attachment, ...] = ()
    siblings: tuple[int, ...] = ()


@dataclass(frozen=True)
class Conversation:
    """A conversation without its messages. `active_leaf`: the last message of the branch that is shown. `title` is ""
    until the first question. `messages`: how many stand on the active path. `modified` in unix seconds."""

    id: int
    title: str
    created: float
    modified: float
    engine: str = ""
    model: str = ""
    persona: str = ""
    system: str = ""
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    pinned: bool = False
    active_leaf: int | None = None
    messages: int = 0


@dataclass(frozen=True)
class Page:
    """Messages of the active path in order: `first` is the place of the first one, `total` the length of the path.
    Older ones exist if first > 0."""

    messages: tuple[Message, ...]
    first: int
    total: int


@dataclass(frozen=True)
class Draft:
    """What was typed and not sent."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class SearchHit:
    """A message in which all words occur. `snippet` is plain text around the first one, which stands in
    snippet[start:end]."""

    conversation: int
    title: str
    message: int
    role: Role
    snippet: str
    start: int
    end: int
    created: float


def clean(text: str) -> str:
    """Text that SQLite, JSON and a window can hold: no lone surrogates, no NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")
