"""Conversations as Markdown: readable anywhere, and read back by us without loss of text.

Each message is a heading, a comment that says who and when, and the text as it is. Thinking is quoted. A line of a
text that looks like one of our comments gets a backslash in front, which Markdown shows as nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from . import transfer_json
from .transfer_values import MAX_MESSAGES, ConversationRecord, MessageRecord
from .values import Role

_COMMENT = re.compile(
    r"<!-- modelyard (?P<kind>conversation|system|message|thinking|attachments|text)(?: (?P<fields>\{.*\}))? -->"
)
_HEADING_BEHIND = re.compile(r"\n\n## [^\n]*\n\n\Z")  # of the next message
_NEEDS_ESCAPE = re.compile(r"^(?=\\*<!-- modelyard )", re.M)
_ESCAPED = re.compile(r"^\\(?=\\*<!-- modelyard )", re.M)
# How other programs head a message, in the two languages of this one.
_NAMES = {
    Role.USER: ("user", "you", "human", "me", "用户", "我", "你"),
    Role.ASSISTANT: ("assistant", "ai", "bot", "chatgpt", "model", "助手", "模型"),
    Role.SYSTEM: ("system", "系统"),
}
_FOREIGN = re.compile(
    r"^(?:#{1,6}[ \t]{0,3}|\*\*)("
    + "|".join(f"(?P<{role.value}>{'|'.join(names)})" for role, names in _NAMES.items())
    + r")[ \t]{0,3}[:：]?(?:\*\*)?[:：]?[ \t]{0,3}$",
    re.I | re.M,
)


def write(record: ConversationRecord, labels: Mapping[str, str]) -> str:
    """The messages in the given order (one branch). `labels`: role → heading; the role's own name if missing."""
    parts = [f"# {_one_line(record.title) or record.model}", _comment("conversation", {"model": record.model})]
    if record.system:
        parts += [_heading(Role.SYSTEM, labels), _comment("system", {}), _escape(record.system)]
    for message in record.messages:
        fields: dict[str, object] = {"role": message.role.value, "created": message.created, "model": message.model}
        parts += [_heading(message.role, labels), _comment("message", fields)]
        if message.thinking:
            quoted = "\n".join("> " + line for line in message.thinking.split("\n"))
            parts += [_comment("thinking", {}), quoted]
        if message.attachments:
            parts += [_comment("attachments", {}), *(f"*{_one_line(one.name)}*" for one in message.attachments)]
        parts += [_comment("text", {}), _escape(message.content)]
    return "\n\n".join(parts) + "\n"


def read(text: str) -> ConversationRecord:
    """A conversation of ours, or another program's with headings such as "## User". Raises ValueError."""
    text = text.replace("\r\n", "\n")
    title = re.match(r"\s*# (.+)", text)
    marks = [match for match in _COMMENT.finditer(text) if match.start() == 0 or text[match.start() - 1] == "\n"]
    system, messages = _own(text, marks) if marks else ("", _foreign(text))
    if not 0 < len(messages) <= MAX_MESSAGES:
        raise ValueError(f"{len(messages)} messages")
    linked = tuple(replace(message, parent=number - 1 if number else None) for number, message in enumerate(messages))
    return ConversationRecord(title[1].strip() if title else "", linked, len(linked) - 1, system=system)


def _own(text: str, marks: list[re.Match[str]]) -> tuple[str, list[MessageRecord]]:
    """The system prompt and the messages; each of our comments says what the text behind it is."""
    system = ""
    messages: list[MessageRecord] = []
    for number, mark in enumerate(marks):
        end = marks[number + 1].start() if number + 1 < len(marks) else len(text)
        body = text[mark.end() : end].removeprefix("\n\n")
        body = _HEADING_BEHIND.sub("", body) if number + 1 < len(marks) else body.removesuffix("\n")
        match mark["kind"]:
            case "system":
                system = _ESCAPED.sub("", body)
            case "message":
                messages.append(transfer_json.read(f"[{mark['fields'] or '{}'}]").messages[0])
            case "thinking" if messages:
                thinking = "\n".join(line.removeprefix("> ") for line in body.removesuffix("\n\n").split("\n"))
                messages[-1] = replace(messages[-1], thinking=thinking)
            case "text" if messages:
                messages[-1] = replace(messages[-1], content=_ESCAPED.sub("", body))
    return system, messages


def _foreign(text: str) -> list[MessageRecord]:
    marks = list(_FOREIGN.finditer(text))
    messages: list[MessageRecord] = []
    for number, mark in enumerate(marks):
        end = marks[number + 1].start() if number + 1 < len(marks) else len(text)
        role = next(role for role in Role if mark[role.value])
        messages.append(MessageRecord(None, role, text[mark.end() : end].strip()))
    if not messages:
        raise ValueError("no headings of messages")
    return messages


def _heading(role: Role, labels: Mapping[str, str]) -> str:
    return f"## {_one_line(labels.get(role.value, role.value))}"


def _comment(kind: str, fields: Mapping[str, object]) -> str:
    kept = {key: value for key, value in fields.items() if value}
    shown = " " + json.dumps(kept, ensure_ascii=False).replace("-->", "--\\u003e") if kept else ""
    return f"<!-- modelyard {kind}{shown} -->"


def _escape(text: str) -> str:
    return _NEEDS_ESCAPE.sub(r"\\", text)


def _one_line(text: str) -> str:
    return " ".join(text.split())
