"""A real small model as a folder: imported at two sizes, it talks sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders.folder_of_gguf import write_folder

from .program import PLAIN, QUESTION, run, sample_gguf


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(sample_gguf(), tmp_path_factory.mktemp("checkpoint") / "SmolLM2-135M-Instruct")


@pytest.mark.parametrize("size", ["Q8_0", "Q4_K_M"])
def test_it_answers_sensibly(folder: Path, tmp_path: Path, size: str) -> None:
    made = run("import", str(folder), "--size", size, "--name", "smol", "--json", data=tmp_path)
    assert made.status == 0, made.output[-800:]
    assert made.last["verdict"] == "good" and made.last["size"] == size
    warned = [event["code"] for event in made.events if event["event"] == "warning"]
    assert "pre_tokenizer_guessed" not in warned and not warned, warned
    answer = run("chat", "smol", "--prompt", QUESTION, *PLAIN, "--json", data=tmp_path)
    assert "Paris" in answer.last["text"]
    assert answer.last["stats"]["answer_tokens"] > 3
