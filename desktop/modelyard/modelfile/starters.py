"""Personas to begin with. Each is a Modelfile in resources/personas/<id>/<language>/; its first comment is the title,
the second one line about it. order.txt lists the ids as they are shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from .document import Document
from .folder_files import read_document, read_picture
from .persona import Persona
from .reading import persona_of
from .scanner import NodeKind

_FALLBACK = "en"


@dataclass(frozen=True)
class Starter:
    """A persona to begin with, in one language."""

    id: str
    title: str
    line: str
    persona: Persona


def starters(folder: Path, language: str) -> tuple[Starter, ...]:
    """All starters of `folder`, in English where a language is missing. A damaged one is passed over."""
    try:
        ids = (folder / "order.txt").read_text(encoding="utf-8").split()
    except OSError:
        return ()
    found = (_read(folder / id, language) or _read(folder / id, _FALLBACK) for id in ids)
    return tuple(starter for starter in found if starter is not None)


def _read(folder: Path, language: str) -> Starter | None:
    try:
        document = read_document(folder / language)
    except OSError:
        return None
    title, line, *_ = [*_comments(document), "", ""]
    persona = replace(persona_of(document), name=title, picture=read_picture(folder))
    return Starter(folder.name, title, line, persona) if title else None


def _comments(document: Document) -> list[str]:
    return [node.text.strip().lstrip("#").strip() for node in document.nodes if node.kind is NodeKind.COMMENT]
