"""House rules that an import contract cannot say: Qt only in ui/, sentences for people only in words/ and ui/."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "desktop" / "modelyard"
FACES = ("ui", "words")  # rooms that speak to people
COMPOSITION = ("bootstrap.py", "checks.py", "cli.py", "cli_commands.py", "__main__.py")
NOT_FOR_PEOPLE = (
    "smoke_test.py",  # questions put to a model
    "fingerprint.py",  # the reference's test text
    "card.py",  # a published page
)
SENTENCE = re.compile(r"^[A-Z][a-z]+( \S+){3,}[.!?…]$")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


def texts(tree: ast.Module) -> Iterator[ast.Constant]:
    """String constants that are not docstrings."""
    docstrings = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                docstrings.add(id(first.value))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            docstrings.add(id(node.value))  # attribute docstrings
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


def test_qt_lives_in_the_window_only() -> None:
    wrong = []
    for path, tree in modules():
        if room(path) in ("ui", "selftest") or path.name == "bootstrap.py":
            continue
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if any(name.split(".")[0] in ("PySide6", "shiboken6") for name in names):
                wrong.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    assert not wrong, f"PySide6 outside ui/: {wrong}"


def test_sentences_for_people_stand_in_words_and_ui() -> None:
    """Below, an error is a code with fields."""
    wrong = []
    for path, tree in modules():
        if room(path) in FACES or path.name in (*COMPOSITION, *NOT_FOR_PEOPLE):
            continue
        for node in texts(tree):
            if SENTENCE.match(node.value) or (CHINESE.search(node.value) and len(node.value) > 12):
                wrong.append(f"{path.relative_to(PACKAGE)}:{node.lineno}: {node.value[:60]!r}")
    assert not wrong, "sentences below the face of the program:\n" + "\n".join(wrong)


def test_modules_say_what_they_are() -> None:
    silent = [
        str(path.relative_to(PACKAGE))
        for path, tree in modules()
        if tree.body and not ast.get_docstring(tree) and path.name != "__init__.py"
    ]
    assert not silent, f"modules without a docstring: {silent}"
