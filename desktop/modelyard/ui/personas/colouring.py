"""Which stretches of a Modelfile get which colour. Only what is on screen is ever asked for; nothing here knows Qt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...modelfile.document import Document
from ...modelfile.parameters import PARAMETERS, ParameterKind
from ...modelfile.scanner import Node, NodeKind


@dataclass(frozen=True, slots=True)
class Span:
    """Text [start, stop) in the colour `kind`: keyword, name, number, string or comment."""

    start: int
    stop: int
    kind: str


def spans(document: Document, first: int, last: int) -> Iterator[Span]:
    """Those that touch text [first, last), cut to it."""
    if not document.nodes:
        return
    for index in range(document.node_index(first), len(document.nodes)):
        start = document.starts[index]
        if start >= last:
            return
        for span in _of_node(document.nodes[index], start):
            if span.start < last and span.stop > first:
                yield Span(max(span.start, first), min(span.stop, last), span.kind)


def _of_node(node: Node, start: int) -> Iterator[Span]:
    if node.kind is NodeKind.COMMENT:
        yield Span(start, start + len(node.text), "comment")
    if node.kind not in (NodeKind.COMMAND, NodeKind.BROKEN) or not node.keyword:
        return
    left = len(node.text) - len(node.text.lstrip(" \t"))
    head = start + left + len(node.keyword)
    yield Span(start + left, head, "keyword")
    if node.word:
        yield Span(head + 1, head + 1 + len(node.word), "name")
    if node.stop > node.start:
        yield Span(start + node.start, start + node.stop, _value_kind(node))


def _value_kind(node: Node) -> str:
    if node.keyword == "parameter" and node.word in PARAMETERS:
        return "string" if PARAMETERS[node.word].kind is ParameterKind.TEXTS else "number"
    return "name" if node.keyword == "from" else "string"
