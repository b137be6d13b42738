"""A small Go text/template, enough to run chat templates as Ollama does: text, trim markers, fields, variables,
if / else if / else, range, and the functions eq ne and or not len index slice json."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_ACTION = re.compile(r"\{\{(- )?(.*?)( -)?\}\}", re.DOTALL)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|\(|\)|\||:=|=|,|[^\s()|,=:]+')
KNOWN = {"eq", "ne", "and", "or", "not", "len", "index", "slice", "json", "currentDate", "yesterdayDate", "print"}
KNOWN |= {"lt", "le", "gt", "ge", "html", "js", "printf", "println", "urlquery", "call", "toTypeScriptType"}


class TemplateError(Exception):
    """With the words of Go's parser."""


@dataclass
class _Node:
    kind: str  # "text", "value", "if", "range"
    text: str = ""
    body: list[_Node] = field(default_factory=list)
    other: list[_Node] = field(default_factory=list)


def parse(template: str) -> list[_Node]:
    """Raises TemplateError as Go would."""
    root: list[_Node] = []
    stack: list[tuple[_Node | None, list[_Node]]] = [(None, root)]
    for kind, text in _pieces(template):
        target = stack[-1][1]
        word, _, rest = text.partition(" ")
        if kind == "text":
            target.append(_Node("text", text))
        elif text.startswith("/*"):
            continue
        elif word in ("if", "range"):
            _check(rest)
            node = _Node(word, rest)
            target.append(node)
            stack.append((node, node.body))
        elif word == "else":
            node = stack[-1][0]
            if node is None:
                raise TemplateError("template: :1: unexpected {{else}}")
            if rest.startswith("if "):
                inner = _Node("if", rest[3:], other=[])
                node.other.append(inner)
                stack[-1] = (inner, inner.body)
                inner.kind = "elseif"
            else:
                stack[-1] = (node, node.other)
        elif word == "end":
            if stack[-1][0] is None:
                raise TemplateError("template: :1: unexpected {{end}}")
            stack.pop()
        else:
            _check(text)
            target.append(_Node("value", text))
    if len(stack) > 1:
        raise TemplateError("template: :1: unexpected EOF")
    return root


def _pieces(template: str) -> Iterator[tuple[str, str]]:
    position, trim = 0, False
    for match in _ACTION.finditer(template):
        text = template[position : match.start()]
        text = text.lstrip(" \t\r\n") if trim else text
        yield "text", text.rstrip(" \t\r\n") if match[1] else text
        yield "action", match[2].strip()
        position, trim = match.end(), bool(match[3])
    rest = template[position:]
    if "{{" in rest:
        raise TemplateError("template: :1: unclosed action")
    yield "text", rest.lstrip(" \t\r\n") if trim else rest


def _check(expression: str) -> None:
    for token in _TOKEN.findall(expression):
        name = token.partition(".")[0]
        if name == "template":
            raise TemplateError("undefined template specified")
        if name[:1].isalpha() and name not in KNOWN | {"true", "false", "nil"}:
            raise TemplateError(f'template: :1: function "{name}" not defined')


def render(template: str, data: Mapping[str, Any]) -> str:
    nodes = parse(template)
    return "".join(_run(nodes, dict(data), {"$": dict(data)}))


def _run(nodes: Sequence[_Node], dot: Any, names: dict[str, Any]) -> Iterator[str]:
    for node in nodes:
        if node.kind == "text":
            yield node.text
        elif node.kind == "value":
            assigned = re.match(r"(\$\w+)\s*:?=\s*(.*)", node.text, re.DOTALL)
            if assigned:
                names[assigned[1]] = _value(assigned[2], dot, names)
            else:
                yield _shown(_value(node.text, dot, names))
        elif node.kind in ("if", "elseif"):
            chosen = node.body if _value(node.text, dot, names) else node.other
            yield from _run(chosen, dot, names)
        else:
            yield from _range(node, dot, names)


def _range(node: _Node, dot: Any, names: dict[str, Any]) -> Iterator[str]:
    declared = re.match(r"(?:(\$\w+)\s*,\s*)?(\$\w+)\s*:=\s*(.*)", node.text, re.DOTALL)
    items = list(_value(declared[3] if declared else node.text, dot, names) or [])
    if not items:
        yield from _run(node.other, dot, names)
    for number, item in enumerate(items):
        if declared:
            names[declared[2]] = item
            if declared[1]:
                names[declared[1]] = number
        yield from _run(node.body, item, names)


def _value(expression: str, dot: Any, names: dict[str, Any]) -> Any:
    tokens = _TOKEN.findall(expression)
    value, rest = _pipeline(tokens, dot, names)
    assert not rest, expression
    return value


def _pipeline(tokens: list[str], dot: Any, names: dict[str, Any]) -> tuple[Any, list[str]]:
    values: list[Any] = []
    while tokens and tokens[0] != ")":
        token, tokens = tokens[0], tokens[1:]
        if token == "(":
            value, tokens = _pipeline(tokens, dot, names)
            assert tokens[0] == ")"
            tokens = tokens[1:]
            if tokens and tokens[0].startswith("."):
                value, tokens = _field(value, tokens[0]), tokens[1:]
            values.append(value)
        elif token[0].isalpha() and token not in ("true", "false", "nil"):
            values.append(_FUNCTIONS[token])
        else:
            values.append(_operand(token, dot, names))
    if values and callable(values[0]):
        return values[0](*values[1:]), tokens
    return values[0], tokens


def _operand(token: str, dot: Any, names: dict[str, Any]) -> Any:
    if token[0] in '"`':
        return json.loads(token) if token[0] == '"' else token[1:-1]
    if token in ("true", "false", "nil"):
        return {"true": True, "false": False, "nil": None}[token]
    if token[0] == "$":
        name, dotted, path = token.partition(".")
        return _field(names[name], dotted + path)
    if token[0] == ".":
        return _field(dot, token)
    return int(token)


def _field(value: Any, path: str) -> Any:
    for part in [each for each in path.split(".") if each]:
        value = value.get(part, "") if isinstance(value, Mapping) else ""
    return value


def _shown(value: Any) -> str:
    if value is None:
        return "<no value>"
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _and(*values: Any) -> Any:
    return next((value for value in values if not value), values[-1])


def _or(*values: Any) -> Any:
    return next((value for value in values if value), values[-1])


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "eq": lambda first, *others: any(first == other for other in others),
    "ne": lambda first, second: first != second,
    "and": _and,
    "or": _or,
    "not": lambda value: not value,
    "len": len,
    "index": lambda value, key: value[key],
    "slice": lambda value, start=0, end=None: value[start:end],
    "json": lambda value: json.dumps(value, ensure_ascii=False),
    "gt": lambda first, second: first > second,
    "lt": lambda first, second: first < second,
    "le": lambda first, second: first <= second,
    "ge": lambda first, second: first >= second,
}
