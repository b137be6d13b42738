"""A Modelfile as people write it: comments, order and lines nobody understands survive; one field can be changed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from .scanner import Node, NodeKind, scan


@dataclass(frozen=True)
class Edit:
    """Put `text` in place of document text [start, stop)."""

    start: int
    stop: int
    text: str


@dataclass(frozen=True)
class Document:
    """An immutable Modelfile text, cut into nodes. Never fails: what is wrong is a node with a problem."""

    nodes: tuple[Node, ...]

    @staticmethod
    def of(text: str) -> Document:
        return Document(tuple(scan(text)))

    @cached_property
    def text(self) -> str:
        return "".join(node.text for node in self.nodes)

    @cached_property
    def starts(self) -> list[int]:
        """Where each node begins in the text, and the text's length at the end."""
        return [0, *accumulate(len(node.text) for node in self.nodes)]

    def commands(self, keyword: str = "") -> Iterator[tuple[int, Node]]:
        """The good commands with this word (all if none is named), each with where it begins, in order."""
        yield from self._commands.get(keyword, ())

    @cached_property
    def _commands(self) -> dict[str, list[tuple[int, Node]]]:
        found: dict[str, list[tuple[int, Node]]] = {"": []}
        for start, node in zip(self.starts, self.nodes, strict=False):
            if node.kind is NodeKind.COMMAND:
                found[""].append((start, node))
                found.setdefault(node.keyword, []).append((start, node))
        return found

    def node_index(self, position: int) -> int:
        """The number of the node that holds the character at `position` (the last node at the very end)."""
        return max(0, min(bisect_right(self.starts, position) - 1, len(self.nodes) - 1))

    def apply(self, *edits: Edit) -> Document:
        """The document after edits that do not overlap, in any order."""
        document = self
        for edit in sorted(edits, key=lambda edit: (edit.start, edit.stop), reverse=True):
            document = document._edited(edit)
        return document

    def _edited(self, edit: Edit) -> Document:
        """Reads again only from the line before the change to the first node that begins as before."""
        text = self.text[: edit.start] + edit.text + self.text[edit.stop :]
        first = max(0, self.node_index(edit.start) - 1)
        shift = len(edit.text) - (edit.stop - edit.start)
        position = self.starts[first]
        fresh: list[Node] = []
        for node in scan(text, position):
            fresh.append(node)
            position += len(node.text)
            if position >= edit.start + len(edit.text):
                index = bisect_right(self.starts, position - shift) - 1
                if self.starts[index] == position - shift and position - shift >= edit.stop:
                    return Document((*self.nodes[:first], *fresh, *self.nodes[index:]))
        return Document((*self.nodes[:first], *fresh))
