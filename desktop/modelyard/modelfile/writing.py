"""Persona to Modelfile: a new text, or the fewest edits to a text that a person wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .document import Document, Edit
from .parameters import PARAMETERS, ParameterError, ParameterKind, read_value, value_texts
from .persona import ParameterValue, Persona
from .quoting import Loss, carried, loss, quote, style_of
from .reading import persona_of
from .scanner import ROLES, Node

_ONCE = ("from", "template", "system", "renderer", "parser", "requires")
_PARAMETER_NAME = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True)
class Written:
    """A Modelfile text, and what it could not carry of the persona (then only an engine's API can)."""

    text: str
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    """One command to write: `head` is everything before the value ("PARAMETER stop")."""

    field: str
    head: str
    value: str


def write_persona(persona: Persona) -> Written:
    """A Modelfile from which `read_persona` gives the same persona again, except for what `losses` names.

    Without a base there is no FROM line: good enough for us, for Ollama somebody must add one."""
    return Written(_text(list(_lines(persona))), losses_of(persona))


def losses_of(persona: Persona) -> tuple[Loss, ...]:
    """What no Modelfile can carry of this persona."""
    found = [loss(line.field, line.value) for line in _lines(persona)]
    found += [
        Loss(f"message {number}", unwritable=True)
        for number, message in enumerate(persona.messages, 1)
        if message.role not in ROLES
    ]
    found += [
        Loss(f"parameter {name}", unwritable=True)
        for name, value in persona.parameters.items()
        if not _writable(name, value)
    ]
    return tuple(one for one in found if one)


def carried_persona(persona: Persona) -> Persona:
    """What a reader gets back of `persona` (without name and picture)."""
    return persona_of(Document.of(write_persona(persona).text))


def edits_for(document: Document, persona: Persona) -> tuple[Edit, ...]:
    """The fewest edits after which `document` says `persona`; everything else in it stays as it stands.

    A FROM line is changed or added but never taken away."""
    edits: list[Edit] = []
    added: list[_Line] = []
    before, wanted = persona_of(document), list(_lines(persona))
    for keyword in _ONCE:
        field = _FIELDS.get(keyword, keyword)
        lines = [line for line in wanted if line.field == field]
        if getattr(before, field) != getattr(persona, field) and (lines or keyword != "from"):
            edits += _once(list(document.commands(keyword)), lines, added)
    for name in {**before.parameters, **persona.parameters}:
        if before.parameters.get(name) == persona.parameters.get(name):
            continue
        lines = [line for line in wanted if line.field == f"parameter {name}"]
        nodes = [(start, node) for start, node in document.commands("parameter") if node.word == name]
        adds_up = name in PARAMETERS and PARAMETERS[name].kind is ParameterKind.TEXTS
        edits += _listed(document, nodes, lines, added) if adds_up else _once(nodes, lines, added)
    for keyword, same in (
        ("message", before.messages == persona.messages),
        ("license", before.licenses == persona.licenses),
    ):
        if not same:
            lines = [line for line in wanted if line.field.partition(" ")[0] == keyword]
            edits += _listed(document, list(document.commands(keyword)), lines, added)
    return (*edits, *_add(document, added))


_FIELDS = {"from": "base"}


def _lines(persona: Persona) -> Iterator[_Line]:
    for keyword in _ONCE:
        field = _FIELDS.get(keyword, keyword)
        if value := getattr(persona, field):
            yield _Line(field, keyword.upper(), value)
    known = [name for name in PARAMETERS if name in persona.parameters]
    for name in (*known, *(name for name in persona.parameters if name not in PARAMETERS)):
        value = persona.parameters[name]
        if _writable(name, value):
            for text in value_texts(value):
                yield _Line(f"parameter {name}", f"PARAMETER {name}", text)
    for number, message in enumerate(persona.messages, 1):
        if message.role in ROLES:
            yield _Line(f"message {number}", f"MESSAGE {message.role}", message.content)
    for number, text in enumerate(persona.licenses, 1):
        yield _Line(f"license {number}", "LICENSE", text)


def _writable(name: str, value: ParameterValue) -> bool:
    """True if the line can be written and its reader gets this value."""
    if not _PARAMETER_NAME.fullmatch(name):
        return False
    if isinstance(value, tuple):
        return True
    try:
        return read_value(name, value_texts(value)[0]) == value
    except ParameterError:
        return False


def _once(nodes: list[tuple[int, Node]], lines: list[_Line], added: list[_Line]) -> Iterator[Edit]:
    """A command of which the last one counts. What has no line to stand in goes to `added`."""
    if not lines:
        if any(node.args for _, node in nodes):
            yield from (_remove(start, node) for start, node in nodes)
    elif not nodes:
        added += lines
    elif nodes[-1][1].args != carried(lines[0].value):
        yield _replace(*nodes[-1], lines[0])


def _listed(
    document: Document, nodes: list[tuple[int, Node]], lines: list[_Line], added: list[_Line]
) -> Iterator[Edit]:
    """Commands that add up: what is equal at both ends stays, the middle is changed line by line."""
    first = 0
    while first < min(len(nodes), len(lines)) and _says(nodes[first][1], lines[first]):
        first += 1
    last = 0
    while last < min(len(nodes), len(lines)) - first and _says(nodes[-1 - last][1], lines[-1 - last]):
        last += 1
    old, new = nodes[first : len(nodes) - last], lines[first : len(lines) - last]
    for (start, node), line in zip(old, new, strict=False):
        yield _replace(start, node, line)
    for start, node in old[len(new) :]:
        yield _remove(start, node)
    if more := new[len(old) :]:
        if len(nodes) > last:
            start, node = nodes[len(nodes) - last - 1]
            yield _insert(document, start + len(node.text), more)
        elif nodes:
            yield _insert(document, nodes[0][0], more)
        else:
            added += more


def _says(node: Node, line: _Line) -> bool:
    role = line.head.partition(" ")[2] if node.keyword == "message" else ""
    return (not role or node.word == role) and node.value == carried(line.value)


def _replace(start: int, node: Node, line: _Line) -> Edit:
    """Changes the value alone, or the head too when a message changes its role."""
    raw = node.text[node.start : node.stop]
    if node.keyword == "message" and node.word != line.head.partition(" ")[2]:
        head = len(node.text) - len(node.text.lstrip(" \t"))
        return Edit(start + head, start + node.stop, f"{line.head} {quote(line.value, style_of(raw))}")
    return Edit(start + node.start, start + node.stop, quote(line.value, style_of(raw)))


def _remove(start: int, node: Node) -> Edit:
    return Edit(start, start + len(node.text), "")


def _add(document: Document, lines: list[_Line]) -> Iterator[Edit]:
    """New commands: FROM before the first command, all others at the end (before an unfinished last line, which
    would swallow them)."""
    first = [line for line in lines if line.field == "base"]
    others = [line for line in lines if line.field != "base"]
    end = len(document.text)
    if document.nodes and document.nodes[-1].problem is not None:
        end = document.starts[-2]
    if first:
        yield _insert(document, next((start for start, _ in document.commands()), end), first)
    if others:
        yield _insert(document, end, others)


def _insert(document: Document, position: int, lines: list[_Line]) -> Edit:
    """Whole lines at a node's beginning or at the end of the text."""
    before = document.text[:position]
    line_end = "\n" if before and before[-1] not in "\r\n" else ""
    return Edit(position, position, line_end + _text(lines))


def _text(lines: list[_Line]) -> str:
    return "".join(f"{line.head} {quote(line.value)}\n" for line in lines)
