"""Everything worth telling about a Modelfile text while it is written: errors for which Ollama refuses it, warnings for
what it drops or ignores."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..errors import Code, ModelyardError
from .document import Document
from .parameters import DEPRECATED, ParameterError, in_range, read_value
from .printable import dropped
from .quoting import shown
from .scanner import Node, ProblemKind
from .syntax import ModelfileError, error_after, lines_in

# Go's semver package with an optional "v": 1, 1.2 or 1.2.3, then -prerelease and +build.
_NUMBER = r"(?:0|[1-9][0-9]*)"
_SEMVER = re.compile(
    rf"v?{_NUMBER}(?:\.{_NUMBER}(?:\.{_NUMBER}(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z.-]+)?)?)?"
)

_MOST_FINDINGS = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark about text [start, stop). `code` is looked up in words/: an error's in [errors], a warning's in
    [warnings]."""

    start: int
    stop: int
    code: str
    is_error: bool
    fields: dict[str, Any] = field(default_factory=dict)


def check(document: Document) -> tuple[Finding, ...]:
    """The findings in the order of the text, a missing FROM at the very beginning. Not more than a person can read."""
    found: list[Finding] = []
    lines = 0
    for start, node in zip(document.starts, document.nodes, strict=False):
        found += _of_node(start, node, lines)
        lines += lines_in(node.text)
        if len(found) >= _MOST_FINDINGS:
            break
    if not any(True for _ in document.commands("from")):
        found.insert(0, _error(0, 0, ModelfileError(ProblemKind.MISSING_FROM, None, None)))
    return tuple(found)


def _of_node(start: int, node: Node, lines: int) -> Iterator[Finding]:
    if node.problem is not None:
        left = len(node.text) - len(node.text.lstrip(" \t"))
        line = re.split(r"[\r\n]", node.text[left:], maxsplit=1)[0].rstrip()
        yield _error(
            start + left, start + left + len(line), error_after(lines, node.text[: node.problem.end], node.problem)
        )
        return
    first, last = start + node.start, start + node.stop
    if node.keyword == "parameter":
        yield from _of_parameter(first, last, node)
    if node.keyword == "requires" and not _SEMVER.fullmatch(node.args):
        yield _error(first, last, ModelyardError(Code.MODELFILE_REQUIRES, value=node.args))
    if node.keyword and (gone := dropped(node.text[node.start : node.stop])):
        yield _warning(first, last, "modelfile_dropped", characters=shown(gone.items()), count=gone.total())


def _of_parameter(first: int, last: int, node: Node) -> Iterator[Finding]:
    if node.name in DEPRECATED:
        yield _warning(first, last, "parameter_deprecated", name=node.name)
        return
    try:
        value = read_value(node.name, node.args)
    except ParameterError as error:
        yield _error(first, last, error)
        return
    if not in_range(node.name, value):
        yield _warning(first, last, "parameter_range", name=node.name, value=node.args)


def _error(start: int, stop: int, error: ModelyardError) -> Finding:
    return Finding(start, stop, error.code.value, True, dict(error.fields))


def _warning(start: int, stop: int, code: str, **fields: Any) -> Finding:
    return Finding(start, stop, code, False, fields)
