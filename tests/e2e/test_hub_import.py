"""From a repository's name to a GGUF: `modelyard import org/model` against a Hub over real HTTP."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from modelyard.selftest.tiny_checkpoint import write_tiny_llama
from tests.builders.hub_server import ALICE, Hub, running_hub

from .program import run, start

NAME = "studio/Tiny-Llama-Instruct"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_llama(tmp_path_factory.mktemp("local") / "Tiny-Llama-Instruct", layers=8, shards=3)


@pytest.fixture
def hub(folder: Path) -> Iterator[Hub]:
    with running_hub() as server:
        server.add(NAME, {path.name: path for path in folder.iterdir()})
        yield server


@pytest.fixture(scope="module")
def expected(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The same model converted from the local folder."""
    output = tmp_path_factory.mktemp("expected") / "x.gguf"
    made = run("import", str(folder), "--size", "Q4_K_M", "--output", str(output), data=output.parent / "data")
    assert made.status == 0, made.errors
    return output.read_bytes()


def test_a_look_fetches_headers_only(hub: Hub, tmp_path: Path) -> None:
    seen = run("inspect", NAME, "--json", data=tmp_path, HF_ENDPOINT=hub.url)
    assert seen.status == 0, seen.errors
    assert seen.last["architecture"] == "LlamaForCausalLM" and len(seen.last["sizes"]) > 15
    weights = hub.requests("GET .*safetensors$")
    assert weights and all("range" in each.headers for each in weights)
    assert hub.sent_bytes < 200_000


def test_the_promise_is_kept_and_the_bytes_are_those_of_a_local_folder(
    hub: Hub, expected: bytes, tmp_path: Path
) -> None:
    output = tmp_path / "out.gguf"
    arguments = ["import", NAME, "--size", "Q4_K_M", "--engine", "none", "--output", str(output), "--json"]
    made = run(*arguments, data=tmp_path / "data", HF_ENDPOINT=hub.url)
    assert made.status == 0, made.errors
    planned = next(event for event in made.events if event["event"] == "plan")
    assert output.read_bytes() == expected and planned["result_bytes"] == len(expected)
    assert not list((tmp_path / "data" / "work").iterdir()), "shards went when they were used"
    assert len(hub.requests("GET /api/models/")) == 1, "one look for the check card and the import"
    assert len(hub.requests("GET .*/tokenizer.json")) == 1


def test_killed_again_and_again_it_ends_with_the_right_bytes(hub: Hub, expected: bytes, tmp_path: Path) -> None:
    output = tmp_path / "out.gguf"
    arguments = ["import", NAME, "--size", "Q4_K_M", "--output", str(output), "--json"]
    hub.bytes_per_second = 1_500_000
    chance = random.Random(7)
    for _ in range(4):
        process = start(*arguments, data=tmp_path / "data", HF_ENDPOINT=hub.url)
        assert process.stdout is not None
        limit = chance.randrange(1, 12)
        for line in process.stdout:
            limit -= json.loads(line)["event"] == "progress"
            if limit <= 0:
                break
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    hub.bytes_per_second = 0
    made = run(*arguments, "--replace", data=tmp_path / "data", HF_ENDPOINT=hub.url)
    assert made.status == 0, made.errors
    assert output.read_bytes() == expected


def test_the_originals_can_be_kept(hub: Hub, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"keep_originals": true}', encoding="utf-8")
    output = tmp_path / "out.gguf"
    made = run("import", NAME, "--size", "Q8_0", "--output", str(output), "--json", data=tmp_path, HF_ENDPOINT=hub.url)
    assert made.status == 0, made.errors
    kept = tmp_path / "downloads" / "studio" / "Tiny-Llama-Instruct"
    for path in folder.iterdir():
        assert (kept / path.name).read_bytes() == path.read_bytes()


def test_into_the_built_in_engine(hub: Hub, tmp_path: Path) -> None:
    made = run("import", NAME, "--size", "Q8_0", "--json", data=tmp_path, HF_ENDPOINT=hub.url)
    assert made.status == 0, made.errors
    assert made.last["engine"] == "builtin" and made.last["name"] == "tiny-llama-instruct:q8_0"
    assert [model["name"] for model in run("models", "--json", data=tmp_path).last["models"]] == [made.last["name"]]


def test_what_is_missing_is_told_apart(hub: Hub, tmp_path: Path) -> None:
    hub.repos[NAME].gated = "manual"
    closed = run("import", NAME, "--json", data=tmp_path, HF_ENDPOINT=hub.url)
    assert (closed.status, closed.last["code"]) == (1, "hub_gated_no_key")
    assert closed.last["fields"]["url"] and closed.last["message"]
    gone = run("import", "studio/not-there", "--json", data=tmp_path, HF_ENDPOINT=hub.url)
    assert gone.last["code"] in ("hub_repo_missing", "hub_repo_missing_no_key")


def test_the_access_key_shows_nowhere(hub: Hub, tmp_path: Path) -> None:
    """Not in files, not in output, not in the environment or command of any process we start."""
    seen: set[str] = set()
    hub.bytes_per_second = 3_000_000
    process = start("import", NAME, "--size", "Q8_0", "--json", data=tmp_path, HF_ENDPOINT=hub.url, HF_TOKEN=ALICE)
    own = psutil.Process(process.pid).cmdline()
    output = []
    assert process.stdout is not None
    for line in process.stdout:
        output.append(line)
        for child in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []:
            try:
                command = child.cmdline()
                if command != own:  # between fork and exec a child still is its parent, whose HF_TOKEN is ours to hold
                    seen.add(" ".join([*command, *child.environ().values()]))
            except psutil.Error:
                continue
    _, errors = process.communicate()
    assert process.returncode == 0, "".join(output[-3:]) + errors
    assert seen, "the engine ran in a child"
    assert not any(ALICE in text for text in [*seen, *output, errors])
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files and not any(ALICE.encode() in path.read_bytes() for path in files)
    assert any(each.key == f"Bearer {ALICE}" for each in hub.seen), "the key was used"
    assert not any(each.key for each in hub.seen if each.host.startswith("localhost")), "the key left its host"
