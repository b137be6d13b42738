"""What a Modelfile text says, with everything worth telling about it. Nothing here knows Qt."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ...modelfile.checking import Finding, check
from ...modelfile.document import Document, Edit
from ...modelfile.persona import Persona
from ...modelfile.reading import persona_of
from ...modelfile.scanner import scan
from ...modelfile.sidecar import exact_from_json
from ...modelfile.writing import losses_of

T = TypeVar("T")
_MOST_EDITS = 40
_BREATH = 300  # nodes, about a millisecond


@dataclass(frozen=True)
class Reading:
    """`persona` has neither name nor picture: they stand beside the text. `losses`: codes of words/ [warnings] with
    their fields, for what is kept beside the text because no Modelfile can carry it."""

    document: Document
    persona: Persona
    findings: tuple[Finding, ...] = ()
    losses: tuple[tuple[str, dict[str, str | int]], ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.is_error)


def read(document: Document, exact: dict[str, Any] | None) -> Reading:
    """`exact`: fields that the text cannot carry as they are (modelfile/sidecar.py)."""
    persona = exact_from_json(persona_of(document), exact)
    losses = tuple(warning for loss in losses_of(persona) for warning in loss.warnings()) if exact else ()
    return Reading(document, persona, check(document), losses)


def settled(document: Document, edits: Sequence[Edit]) -> Document:
    """`document` after edits made one after the other. For a thread beside the window's: it pauses for it."""
    if len(edits) > _MOST_EDITS or any(len(edit.text) > len(document.text) // 4 for edit in edits):
        text = document.text
        for edit in edits:
            text = text[: edit.start] + edit.text + text[edit.stop :]
        return Document(tuple(_breathing(scan(text))))
    for edit in edits:
        document = document.apply(edit)
    return document


def joined(before: Edit, edit: Edit) -> Edit | None:
    """Two edits made one after the other as one, if the second goes on where the first ended."""
    if edit.start == edit.stop == before.start + len(before.text):
        return Edit(before.start, before.stop, before.text + edit.text)
    return None


def trimmed(edit: Edit, text: str) -> Edit:
    """The same edit of `text` without what it leaves as it was at both ends."""
    old, new = text[edit.start : edit.stop], edit.text
    most = min(len(old), len(new))
    first = 0
    while first < most and old[first] == new[first]:
        first += 1
    last = 0
    while last < most - first and old[-1 - last] == new[-1 - last]:
        last += 1
    return Edit(edit.start + first, edit.stop - last, new[first : len(new) - last])


def _breathing(found: Iterable[T]) -> Iterator[T]:
    for number, each in enumerate(found):
        if number % _BREATH == 0:
            time.sleep(0.0005)  # lets the window's thread in
        yield each
