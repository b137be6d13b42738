"""Rows of the database as values, and values as what stands in a row."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from .database import Row
from .values import Attachment, Conversation, Message, OptionValue, Role, State, Stats

_NUMBERS = {field.name for field in dataclasses.fields(Stats)} - {"reason"}


def message_of(row: Row, attachments: tuple[Attachment, ...], siblings: tuple[int, ...]) -> Message:
    """A row of `message`; siblings: see Message."""
    return Message(
        id=row["id"],
        conversation=row["conversation"],
        parent=row["parent"],
        depth=row["depth"],
        role=role_of(row["role"]),
        content=row["content"],
        created=row["created"],
        thinking=row["thinking"],
        state=state_of(row["state"]),
        engine=row["engine"],
        model=row["model"],
        options=options_of(row["options"]),
        stats=stats_of(row["stats"]),
        error=_object(row["error"]) or None,
        attachments=attachments,
        siblings=siblings,
    )


def conversation_of(row: Row) -> Conversation:
    """A row of `conversation` with `messages`, the length of its active path."""
    return Conversation(
        id=row["id"],
        title=row["title"],
        created=row["created"],
        modified=row["modified"],
        engine=row["engine"],
        model=row["model"],
        persona=row["persona"],
        system=row["system"],
        options=options_of(row["options"]),
        pinned=bool(row["pinned"]),
        active_leaf=row["active_leaf"],
        messages=row["messages"] or 0,
    )


def role_of(text: str) -> Role:
    return Role(text) if text in Role.__members__.values() else Role.USER


def state_of(text: str) -> State:
    return State(text) if text in State.__members__.values() else State.DONE


def to_json(value: Mapping[str, Any] | Stats | None) -> str | None:
    if value is None:
        return None
    plain = dataclasses.asdict(value) if isinstance(value, Stats) else dict(value)
    return json.dumps(plain, ensure_ascii=True)


def options_of(text: str | None) -> dict[str, OptionValue]:
    """Lists become tuples; anything that is no option value is left out."""
    options: dict[str, OptionValue] = {}
    for key, value in _object(text).items():
        if isinstance(value, list):
            options[key] = tuple(str(item) for item in value)
        elif isinstance(value, (bool, int, float, str)):
            options[key] = value
    return options


def stats_of(text: str | None) -> Stats | None:
    found = _object(text)
    if not found:
        return None
    numbers: dict[str, Any] = {
        key: value for key, value in found.items() if key in _NUMBERS and isinstance(value, (int, float))
    }
    return Stats(reason=str(found.get("reason", "")), **numbers)


def _object(text: str | None) -> dict[str, Any]:
    """A JSON object, {} for anything else: a damaged value costs its details, not the conversation."""
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
