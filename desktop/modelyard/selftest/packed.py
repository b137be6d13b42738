"""The files that ship: all there, every word in every language, every licence."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from .faults import expect

_SHOWN = 10


def contents(data: Path) -> str:
    """Every file that packaging/modelyard.spec packed is there; a checkout has no such list."""
    from ..host.folders import resources_folder

    if not getattr(sys, "frozen", False):
        return "not packed"
    root = resources_folder().parent
    names = (root / "resources" / "contents.txt").read_text(encoding="utf-8").splitlines()
    lacking = missing(root, names)
    expect(not lacking, f"{len(lacking)} files are missing: " + ", ".join(lacking[:_SHOWN]))
    return f"{len(names)} files"


def missing(root: Path, names: Iterable[str]) -> list[str]:
    """The names below `root` that nothing has, or only a link to nothing."""
    return [name for name in names if not (root / name).exists()]


def words(data: Path) -> str:
    """Every error has its words in every language."""
    from ..errors import Code
    from ..words.catalogue import LANGUAGES, Catalogue
    from ..words.catalogue import missing as lacking_parts

    lacking = [f"{language}/{code.value}" for language in LANGUAGES for code in Code if lacking_parts(code, language)]
    expect(not lacking, f"{len(lacking)} errors without words: " + ", ".join(lacking[:_SHOWN]))
    titles = [Catalogue(language).size("q4_k_m")[0] for language in LANGUAGES]
    expect(len(set(titles)) == len(LANGUAGES), titles)
    return " / ".join(titles)


def licences(data: Path) -> str:
    """What ships names what it is made of; a checkout has no such list."""
    from ..host.folders import resources_folder

    if not getattr(sys, "frozen", False):
        return "not packed"
    parts = json.loads((resources_folder() / "licences.json").read_text(encoding="utf-8"))
    bare = [part["name"] for part in parts if not (part["licence"] and part["text"])]
    expect(not bare, f"without a licence: {bare}")
    expect({"Python", "Qt", "llama.cpp and ggml"} <= {part["name"] for part in parts}, "Python, Qt, llama.cpp")
    return f"{len(parts)} parts"
