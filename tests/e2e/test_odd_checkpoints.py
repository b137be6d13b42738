"""Three kinds of files that llama.cpp's own converter fails on, from the folder to an answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders.hf_folder_models import write_falcon, write_gpt2, write_stablelm

from .program import run


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (write_stablelm, "stablelm-with-norms-of-queries"),
        (write_gpt2, "gpt2-with-causal-masks"),
        (write_falcon, "falcon-without-key-heads"),
    ],
)
def test_imported_and_asked(build: Callable[[Path], Path], name: str, tmp_path: Path) -> None:
    folder = build(tmp_path / name)
    made = run("import", str(folder), "--size", "Q8_0", "--name", name, "--yes", "--json", data=tmp_path / "d")
    assert (made.status, made.last["event"], made.last["engine"]) == (0, "done", "builtin"), made.output[-500:]
    options = ("--option", "temperature=0", "--option", "num_predict=8")
    asked = run("chat", name, "--prompt", "Hello", *options, "--json", data=tmp_path / "d")
    assert asked.status == 0, asked.errors
    assert asked.last["event"] == "done" and asked.last["stats"]["answer_tokens"] > 0, asked.last
