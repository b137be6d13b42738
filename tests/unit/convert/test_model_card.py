"""The front matter of model cards: what the reference makes of them, and cards that are a trap."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from modelyard.convert.model_card import read_card
from modelyard.formats.checkpoint_files import SmallFiles
from modelyard.formats.checkpoint_folder import LocalFolder


def card(folder: Path, text: str) -> dict[str, Any]:
    (folder / "README.md").write_text(text, encoding="utf-8")
    return read_card(SmallFiles(LocalFolder(folder)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\nlicense: mit\n---\n# Title\n", {"license": "mit"}),
        ("---\nlicense: mit\n", {"license": "mit"}),  # never closed
        ("---\nlanguage:\n- en\n- no\n---\n", {"language": ["en", "no"]}),  # Norwegian is not false
        ("---\nbase:\n\t- a\n---\n", {"base": ["a"]}),
        ("# Title\n---\nlicense: mit\n---\n", {}),
        ("---\n- a\n---\n", {}),
        ("---\nbad: [unclosed\n---\n", {}),
        ("", {}),
    ],
)
def test_front_matter(tmp_path: Path, text: str, expected: dict[str, Any]) -> None:
    assert card(tmp_path, text) == expected


def test_no_card(tmp_path: Path) -> None:
    assert read_card(SmallFiles(LocalFolder(tmp_path))) == {}


def test_results_of_an_embedding_model(tmp_path: Path) -> None:
    """Half a megabyte of measured values stands in the front matter of some."""
    results = "".join(f"  - type: task_{n}\n    value: {n}.5\n" for n in range(15_000))
    found = card(tmp_path, f"---\nlicense: mit\nmodel-index:\n{results}---\n")
    assert found["license"] == "mit" and len(found["model-index"]) == 15_000


def bomb() -> str:
    lines = ['a0: &a0 ["x", "x"]\n']
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)]
    return "".join(lines)


@pytest.mark.parametrize(
    "trap",
    [
        bomb(),
        "a: " + "[" * 200_000,
        "a: " + "[" * 500 + "]" * 500,
        "- " * 200_000 + "x",
        "? " * 100_000,
        "".join(f"{' ' * depth}a:\n" for depth in range(1000)),
        "a: !!python/object/apply:os.system ['true']\n",
        "a: !!python/name:os.system\n",
        "a: *nothing\n",
        "a: \x00\n",
        "a: 0o9999999999999999\nb: 2024-99-99\n",
    ],
    ids=range(11),
)
def test_a_trap_tells_nothing(tmp_path: Path, trap: str) -> None:
    tracemalloc.start()
    try:
        found = card(tmp_path, f"---\n{trap}\n---\n")
        assert tracemalloc.get_traced_memory()[1] < 64 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert all(isinstance(value, str) for value in found.values())
