"""A conversation outside the store: what is exported and imported, whatever the file format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..errors import Code, ModelyardError
from . import transfer_json, transfer_markdown
from .store import ChatStore
from .transfer_values import ConversationRecord, MessageRecord
from .values import Conversation, NewAttachment

MAX_FILE_BYTES = 256_000_000


def collect(store: ChatStore, conversation: int, *, branches: bool = True) -> ConversationRecord:
    """Everything of a conversation, or only the branch that is shown. Raises CHAT_MISSING."""
    head = store.conversations.get(conversation)
    messages = store.messages.tree(conversation) if branches else store.messages.path(conversation)
    place = {message.id: number for number, message in enumerate(messages)}
    records = tuple(
        MessageRecord(
            parent=place.get(message.parent) if message.parent is not None else None,
            role=message.role,
            content=message.content,
            thinking=message.thinking,
            created=message.created,
            state=message.state,
            engine=message.engine,
            model=message.model,
            options=message.options,
            stats=message.stats,
            attachments=tuple(
                NewAttachment(one.name, one.media_type, store.messages.attachment_data(one.id), one.text)
                for one in message.attachments
            ),
        )
        for message in messages
    )
    return ConversationRecord(
        title=head.title,
        created=head.created,
        engine=head.engine,
        model=head.model,
        persona=head.persona,
        system=head.system,
        options=head.options,
        messages=records,
        active=place.get(head.active_leaf) if head.active_leaf is not None else None,
    )


def insert(store: ChatStore, record: ConversationRecord) -> Conversation:
    """Puts a conversation into the store as a new one: all of it or nothing. Raises DISK_FULL,
    CHAT_ATTACHMENT_TOO_LARGE."""
    with store.writing():
        head = store.conversations.create(
            title=record.title,
            engine=record.engine,
            model=record.model,
            persona=record.persona,
            system=record.system,
            options=record.options,
        )
        ids: list[int] = []
        for message in record.messages:
            ids.append(
                store.messages.add(
                    head.id,
                    message.role,
                    message.content,
                    parent=None if message.parent is None else ids[message.parent],
                    attachments=message.attachments,
                    thinking=message.thinking,
                    engine=message.engine,
                    model=message.model,
                    options=message.options,
                    state=message.state,
                    stats=message.stats,
                    created=message.created,
                ).id
            )
        if record.active is not None:
            store.messages.switch(ids[record.active])
    return store.conversations.get(head.id)


def write_json(record: ConversationRecord) -> str:
    """Everything, all branches and attachments."""
    return transfer_json.write(record)


def write_markdown(record: ConversationRecord, labels: Mapping[str, str]) -> str:
    """One branch (collect with branches=False). `labels`: role → heading, in the person's language."""
    return transfer_markdown.write(record, labels)


def read_file(path: Path) -> ConversationRecord:
    """A conversation from a JSON or Markdown file, of ours or another program's.

    Raises FILE_MISSING, FILE_UNREADABLE, CHAT_IMPORT_INVALID."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise ModelyardError(Code.FILE_MISSING, name=path.name) from error
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise ModelyardError(Code.FILE_UNREADABLE, name=path.name, detail=detail) from error
    if len(data) > MAX_FILE_BYTES:
        raise ModelyardError(Code.CHAT_IMPORT_INVALID, name=path.name, detail=f"over {MAX_FILE_BYTES} bytes")
    text = data.decode("utf-8-sig", "replace")
    try:
        if text.lstrip()[:1] in ("{", "["):
            return transfer_json.read(text)
        return transfer_markdown.read(text)
    except ValueError as error:
        raise ModelyardError(Code.CHAT_IMPORT_INVALID, name=path.name, detail=str(error)) from error
