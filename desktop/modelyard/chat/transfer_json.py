"""Conversations as JSON: our own form with everything, and the plain lists of role and content that many programs
write."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

from .records import options_of, role_of, state_of, stats_of
from .transfer_values import MAX_MESSAGES, ConversationRecord, MessageRecord
from .values import NewAttachment, Role, State

FORMAT = "modelyard-conversation"
VERSION = 1


def write(record: ConversationRecord) -> str:
    """Our form, indented; attachments in base64."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "title": record.title,
        "created": record.created,
        "engine": record.engine,
        "model": record.model,
        "persona": record.persona,
        "system": record.system,
        "options": dict(record.options),
        "active": record.active,
        "messages": [_message(message) for message in record.messages],
    }
    return json.dumps(head, ensure_ascii=False, indent=1) + "\n"


def read(text: str) -> ConversationRecord:
    """Raises ValueError if the text is no conversation."""
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if isinstance(found, list):
        found = {"messages": found}
    if not isinstance(found, dict) or not isinstance(found.get("messages"), list):
        raise ValueError("no messages")
    own = found.get("format") == FORMAT
    if own and found.get("version") != VERSION:
        raise ValueError(f"version {str(found.get('version'))[:20]}")
    listed = found["messages"]
    if not 0 < len(listed) <= MAX_MESSAGES:
        raise ValueError(f"{len(listed)} messages")
    messages = tuple(_read_message(entry, number, own) for number, entry in enumerate(listed))
    active = found.get("active")
    return ConversationRecord(
        title=_text(found, "title"),
        messages=messages,
        active=active if isinstance(active, int) and 0 <= active < len(messages) else len(messages) - 1,
        created=_moment(found),
        engine=_text(found, "engine"),
        model=_text(found, "model"),
        persona=_text(found, "persona"),
        system=_text(found, "system"),
        options=options_of(json.dumps(found.get("options"))),
    )


def _message(message: MessageRecord) -> dict[str, Any]:
    """Without the fields that say nothing."""
    whole = {
        "parent": message.parent,
        "role": message.role.value,
        "content": message.content,
        "thinking": message.thinking,
        "created": message.created,
        "state": message.state.value,
        "engine": message.engine,
        "model": message.model,
        "options": dict(message.options),
        "stats": dataclasses.asdict(message.stats) if message.stats is not None else None,
        "attachments": [
            {
                "name": one.name,
                "media_type": one.media_type,
                "text": one.text,
                "data": base64.b64encode(one.data).decode("ascii"),
            }
            for one in message.attachments
        ],
    }
    always = ("parent", "role", "content")
    return {key: value for key, value in whole.items() if value or key in always}


def _read_message(entry: Any, number: int, own: bool) -> MessageRecord:
    if not isinstance(entry, dict):
        raise ValueError(f"message {number + 1}")
    role = str(entry.get("role", "")).lower()
    if role not in Role.__members__.values():
        raise ValueError(f"message {number + 1}: role {role[:20]!r}")
    parent: Any = entry.get("parent") if own else number - 1 if number else None
    if parent is not None and (not isinstance(parent, int) or not 0 <= parent < number):
        raise ValueError(f"message {number + 1}: parent {str(parent)[:20]}")
    state = state_of(str(entry.get("state", "")))
    return MessageRecord(
        parent=parent,
        role=role_of(role),
        content=_content(entry.get("content")),
        thinking=_text(entry, "thinking") or _text(entry, "reasoning_content"),
        created=_moment(entry),
        state=State.INTERRUPTED if state is State.STREAMING else state,
        engine=_text(entry, "engine"),
        model=_text(entry, "model"),
        options=options_of(json.dumps(entry.get("options"))),
        stats=stats_of(json.dumps(entry.get("stats"))),
        attachments=_attachments(entry.get("attachments")),
    )


def _content(value: Any) -> str:
    """A text, or the text parts of a list as chat interfaces write it."""
    if isinstance(value, list):
        return "\n\n".join(_text(part, "text") for part in value if isinstance(part, dict) and part.get("text"))
    return value if isinstance(value, str) else ""


def _attachments(value: Any) -> tuple[NewAttachment, ...]:
    found: list[NewAttachment] = []
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, dict):
            try:
                data = base64.b64decode(_text(entry, "data"), validate=True)
            except binascii.Error:
                raise ValueError("attachment") from None
            found.append(NewAttachment(_text(entry, "name"), _text(entry, "media_type"), data, _text(entry, "text")))
    return tuple(found)


def _text(found: Mapping[str, Any], key: str) -> str:
    value = found.get(key)
    return value if isinstance(value, str) else ""


def _moment(found: Mapping[str, Any]) -> float | None:
    """Unix seconds between 1970 and 2200."""
    value = found.get("created")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value) if 0 <= value < 7_258_118_400 else None
