"""What is asked, and what of a conversation is sent to an engine. No Qt here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ...chat.values import Attachment, Conversation, Message, OptionValue, Role
from ...engines.base import ChatMessage, ChatRequest, InstalledModel

THINK = "think"  # among a conversation's options, but no parameter of a model
_CHARACTERS_A_TOKEN = 6  # more than any language has: nothing is left out that would have fitted
_LARGEST_MEMORY = 131_072  # tokens, where the model does not say


@dataclass(frozen=True)
class Question:
    """What is asked. `conversation`: 0 begins a new one, with `system`, `options` and `persona`.

    text, with_draft: a new question behind the shown end, with what is attached to the draft. edit: `text` is another
    version of this message. Neither: the message `parent` is answered once more. resume: this answer goes on.
    settle: the conversation keeps the model for its next answers."""

    model: InstalledModel
    conversation: int = 0
    text: str = ""
    with_draft: bool = False
    edit: int = 0
    parent: int | None = None
    resume: int = 0
    settle: bool = True
    system: str = ""
    persona: str = ""
    options: Mapping[str, OptionValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Piece:
    """What came of an answer. `seconds`: how long the model has been thinking."""

    text: str = ""
    thinking: str = ""
    seconds: float = 0.0


def request_of(
    question: Question, head: Conversation, path: Sequence[Message], data_of: Callable[[int], bytes]
) -> ChatRequest:
    """Pictures go only to models that see; answers that failed before their first word are left out, and of endless
    conversations what no memory could hold."""
    sees = "vision" in question.model.capabilities
    room = (question.model.context_length or _LARGEST_MEMORY) * _CHARACTERS_A_TOKEN
    sent: list[ChatMessage] = []
    for message in reversed(path):
        if message.role is Role.ASSISTANT and not message.content:
            continue
        one = _message(message, data_of, sees)
        room -= len(one.content)
        if room < 0 and sent:
            break
        sent.append(one)
    if head.system:
        sent.append(ChatMessage("system", head.system))
    options = {name: value for name, value in head.options.items() if name != THINK}
    think = head.options.get(THINK)
    if question.resume:
        think = False  # an answer that goes on is past its thinking
    thinks = "thinking" in question.model.capabilities
    return ChatRequest(
        question.model.name, tuple(reversed(sent)), options, think=think if thinks and isinstance(think, bool) else None
    )


def _message(message: Message, data_of: Callable[[int], bytes], sees: bool) -> ChatMessage:
    texts = [_quoted(one) for one in message.attachments if one.text]
    pictures = [one for one in message.attachments if one.media_type.startswith("image/")]
    images = tuple(data_of(one.id) for one in pictures) if sees else ()
    if pictures and not sees:
        texts += [f"[{one.name}]" for one in pictures]
    return ChatMessage(message.role.value, "\n\n".join([*texts, message.content]), images=images)


def _quoted(attachment: Attachment) -> str:
    """A file as a model reads it best: its name, then its text between marks that do not occur in it."""
    marks = "```"
    while marks in attachment.text:
        marks += "`"
    return f"{attachment.name}:\n{marks}\n{attachment.text}\n{marks}"
