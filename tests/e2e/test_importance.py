"""An importance matrix given on the command line: the smallest sizes are on offer with it, and only with it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from modelyard.convert.plan import gguf_content
from modelyard.formats.gguf import read_header
from modelyard.formats.gguf_facts import facts
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.formats.source import FileSource
from tests.builders.family_checkpoints import write_family
from tests.builders.imatrix_files import write_imatrix, write_legacy_imatrix

from .program import run


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_family(tmp_path_factory.mktemp("model") / "tiny", "LlamaForCausalLM")


def weighed(model: Path) -> dict[str, tuple[int, ...]]:
    jobs = gguf_content(open_checkpoint(model)).tensors
    return {job.name: job.shape for job in jobs if len(job.shape) > 1 and not job.name.startswith("token_embd")}


def size_of(path: Path) -> str:
    with FileSource(path) as source:
        return facts(read_header(source)).size


def test_small_sizes_are_made_with_a_matrix_of_a_folder_and_of_a_gguf(model: Path, tmp_path: Path) -> None:
    matrix, older = (
        write(tmp_path / name, weighed(model))
        for write, name in ((write_imatrix, "重要.gguf"), (write_legacy_imatrix, "old.dat"))
    )
    whole, small, smaller = (tmp_path / f"{name}.gguf" for name in ("whole", "small", "smaller"))
    for source, size, given, output in (
        (model, "F16", (), whole),
        (model, "IQ2_XS", ("--imatrix", str(matrix)), small),
        (whole, "iq1_s", ("--imatrix", str(older)), smaller),
    ):
        made = run(
            "import", str(source), "--size", size, *given, "--output", str(output), "--json", data=tmp_path / "d"
        )
        assert made.status == 0, made.output
        [plan] = [event for event in made.events if event["event"] == "plan"]
        assert plan["result_bytes"] - output.stat().st_size in (0, 32)
        assert size_of(output) == size.upper()


def test_without_a_matrix_the_reason_is_told(model: Path, tmp_path: Path) -> None:
    refused = run(
        "import", str(model), "--size", "iq2_xxs", "--output", str(tmp_path / "o.gguf"), "--json", data=tmp_path
    )
    assert refused.last["code"] == "importance_missing"


def test_what_is_no_matrix_is_told_before_anything_is_made(model: Path, tmp_path: Path) -> None:
    wrong = shutil.copy(model / "config.json", tmp_path / "wrong.dat")
    output = tmp_path / "o.gguf"
    for given, code in ((wrong, "imatrix_invalid"), (tmp_path / "gone.dat", "file_missing")):
        refused = run(
            "import", str(model), "--size", "IQ2_XXS", "--imatrix", str(given), "--output", str(output), "--json",
            data=tmp_path / "d",
        )  # fmt: skip
        assert refused.last["code"] == code
        assert not any(event["event"] == "plan" for event in refused.events)
