"""The texts of a character card: placeholders, and the example conversation."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..persona import ExampleMessage

_NAMES = re.compile(r"\{\{\s*(char|user)\s*\}\}|<(BOT|USER|CHAR)>", re.IGNORECASE)
_SILENT = re.compile(r"\{\{\s*original\s*\}\}|\{\{//[^}]*\}\}|\{\{comment:[^}]*\}\}", re.IGNORECASE)
_OTHER = re.compile(r"\{\{[^{}\n]{1,80}\}\}")
_START = re.compile(r"^\s*<START>\s*$", re.IGNORECASE | re.MULTILINE)
_SPEAKER = re.compile(r"^\s*(\{\{\s*(?:char|user)\s*\}\}|<(?:BOT|USER|CHAR)>|[^:\n]{1,60}):[ \t]*", re.IGNORECASE)

USER = "User"


def filled(text: str, name: str) -> str:
    """The text with the placeholders for the names filled in; {{original}} and comments go."""

    def replacement(match: re.Match[str]) -> str:
        return USER if (match[1] or match[2]).lower() == "user" else name

    return _NAMES.sub(replacement, _SILENT.sub("", text)).strip()


def other_placeholders(text: str) -> set[str]:
    """Placeholders that only other programs fill in ("{{random:a,b}}")."""
    return set(_OTHER.findall(_NAMES.sub("", _SILENT.sub("", text))))


def example_messages(text: str, name: str) -> tuple[ExampleMessage, ...]:
    """`mes_example` as messages: lines that begin with "{{user}}:" or "{{char}}:" (or the names) start a new one.
    What stands before the first speaker of a block is left out. The last message is always the character's."""
    messages: list[ExampleMessage] = []
    for block in _START.split(text):
        messages += _block(block, name)
    while messages and messages[-1].role == "user":
        messages.pop()
    return tuple(messages)


def _block(block: str, name: str) -> Iterator[ExampleMessage]:
    role, lines = "", [""]
    for line in block.splitlines():
        match = _SPEAKER.match(line)
        speaker = _role(match[1], name) if match else ""
        if match and speaker:
            if role and any(lines):
                yield ExampleMessage(role, filled("\n".join(lines), name))
            role, lines = speaker, [line[match.end() :]]
        elif role:
            lines.append(line)
    if role and any(lines):
        yield ExampleMessage(role, filled("\n".join(lines), name))


def _role(speaker: str, name: str) -> str:
    plain = speaker.strip("{}<> ").lower()
    if plain in ("char", "bot", name.lower()):
        return "assistant"
    return "user" if plain in ("user", "you") else ""


def example_text(messages: tuple[ExampleMessage, ...]) -> str:
    """Messages as `mes_example`, one block."""
    speakers = {"user": "{{user}}", "assistant": "{{char}}"}
    lines = [f"{speakers[one.role]}: {one.content}" for one in messages if one.role in speakers]
    return "<START>\n" + "\n".join(lines) if lines else ""
