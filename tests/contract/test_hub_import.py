"""Whole imports from a Hub that misbehaves: what a person gets is right, or there is a plain refusal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard.bootstrap import build_house
from modelyard.events import CancelToken
from modelyard.formats.split import read_set
from modelyard.hub.fetch.fetch import Fetch
from modelyard.importing.inspecting import inspect
from modelyard.importing.plan import ImportChoice, ImportPlan
from modelyard.importing.planning import make_plan
from modelyard.importing.prepare import prepare
from modelyard.importing.understand import parse_source
from modelyard.importing.work import Work
from modelyard.quantize.gguf_sets import split
from modelyard.quantize.gguf_source import GgufFile
from modelyard.selftest.tiny_checkpoint import write_tiny_llama
from tests.builders.gguf_files import projector_file, tiny_llama
from tests.builders.hub_server import Fault, Hub, running_hub
from tests.e2e.program import Run, run

NAME = "studio/Tiny-Llama-Instruct"
WRONG_KEY = "hf_wrongKey0123456789abcdefghijklmnopq"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_llama(tmp_path_factory.mktemp("local") / "Tiny-Llama-Instruct", layers=8, shards=3)


@pytest.fixture
def hub(folder: Path) -> Iterator[Hub]:
    with running_hub() as hub:
        hub.add(NAME, {path.name: path for path in folder.iterdir()})
        yield hub


@pytest.fixture(scope="module")
def expected(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What the same import makes of the folder."""
    output = tmp_path_factory.mktemp("expected") / "x.gguf"
    made = run("import", str(folder), "--size", "Q8_0", "--output", str(output), data=output.parent / "data")
    assert made.status == 0, made.errors
    return output.read_bytes()


def import_it(hub: Hub, tmp_path: Path, source: str = NAME, size: str = "Q8_0", **environment: str) -> Run:
    arguments = ["import", source, "--size", size, "--output", str(tmp_path / "out.gguf"), "--json"]
    return run(*arguments, data=tmp_path / "data", HF_ENDPOINT=hub.url, **environment)


@pytest.mark.parametrize(
    "faults",
    [
        [Fault("GET /_lfs/", count=4, cut_after=100_000)],
        [Fault("GET /(_lfs/|studio/.*/resolve)", count=6, status=503)],
        [Fault("GET /_lfs/.*", count=2, status=429, headers={"Retry-After": "1"})],
    ],
    ids=["cut", "refused", "rate limit"],
)
def test_faults_on_the_way_do_not_reach_the_result(
    hub: Hub, expected: bytes, tmp_path: Path, faults: list[Fault]
) -> None:
    hub.faults = faults
    made = import_it(hub, tmp_path)
    if made.status != 0:  # a look gives up sooner than a fetch: a person is waiting
        assert made.last["code"] in ("hub_server_error", "hub_rate_limited_no_key", "hub_unreachable")
        made = import_it(hub, tmp_path)
    assert made.status == 0, made.output + made.errors
    assert (tmp_path / "out.gguf").read_bytes() == expected


def test_wrong_bytes_that_were_used_already_are_made_good(hub: Hub, expected: bytes, tmp_path: Path) -> None:
    """The converter reads ranges before a file's hash is known; a fault found afterwards undoes what it made."""
    hub.bytes_per_second = 2_000_000
    shard = hub.repos[NAME].files["model-00001-of-00003.safetensors"]
    hub.faults = [Fault(f"GET /_lfs/{shard.sha256}", count=1, flip_at=shard.size - 1000)]
    made = import_it(hub, tmp_path)
    assert made.status == 0, made.output + made.errors
    assert (tmp_path / "out.gguf").read_bytes() == expected
    assert hub.faults[0].count == 0
    assert [event.get("step") for event in made.events if event["event"] == "step_started"].count("preparing") == 2


def test_a_nearly_full_drive_holds_one_shard_at_a_time(
    hub: Hub, expected: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    ahead: list[int] = []

    class Noted(Fetch):
        def __init__(self, *arguments: Any) -> None:
            ahead.append(arguments[-1].ahead_bytes)
            super().__init__(*arguments)

    house = build_house(tmp_path / "data")
    seen = inspect(parse_source(NAME), house.surroundings, CancelToken())
    choice = ImportChoice(size="Q8_0", engine="none", output=tmp_path / "out.gguf")
    plan = make_plan(seen, choice, house.surroundings)
    assert isinstance(plan, ImportPlan)
    largest = max(blob.size for name, blob in hub.repos[NAME].files.items() if name.endswith(".safetensors"))
    assert plan.drives[0].peak == plan.result_bytes + largest
    monkeypatch.setattr("modelyard.importing.stream_hub.Fetch", Noted)
    monkeypatch.setattr("modelyard.importing.stream_hub.free_space", lambda _folder: plan.result_bytes + 1)
    made = prepare(Work(plan, tmp_path / "work", house.surroundings, lambda _event: None, CancelToken()))
    house.close()
    assert ahead == [largest] and made.path.read_bytes() == expected


def test_one_size_of_a_gguf_repository(hub: Hub, tmp_path: Path) -> None:
    small = tiny_llama(layers=2).write(tmp_path / "small.gguf")
    large = tiny_llama(layers=4).write(tmp_path / "large.gguf")
    hub.add("org/tiny-GGUF", {"tiny-Q4_K_M.gguf": small, "tiny-Q8_0.gguf": large})
    made = import_it(hub, tmp_path, "hf.co/org/tiny-GGUF:Q4_K_M", "Q4_K_M")
    assert made.status == 0, made.output + made.errors
    assert (tmp_path / "out.gguf").read_bytes() == small.read_bytes()
    assert not hub.requests(f"GET /_lfs/{hub.repos['org/tiny-GGUF'].files['tiny-Q8_0.gguf'].sha256}")


def test_a_set_in_a_folder_of_its_own_with_its_projector_elsewhere(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tiny_llama(width=64, layers=4, chat_template="x").write(tmp_path / "whole.gguf")
    cut = tmp_path / "cut"
    cut.mkdir()
    file = GgufFile(whole, read_set(whole)[0].header)
    parts = split(file, cut / "m-Q8_0.gguf", 50_000, listener=lambda _event: None, cancel=CancelToken())
    assert len(parts) > 1
    files = {f"Q8_0/{part.path.name}": part.path for part in parts}
    files["mmproj-BF16.gguf"] = projector_file(64, size=32).write(tmp_path / "p32.gguf")
    files["mmproj-F16.gguf"] = projector_file(64).write(tmp_path / "p16.gguf")
    repo = hub.add("org/seeing-GGUF", files)
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    house = build_house(tmp_path / "data")
    seen = inspect(parse_source("org/seeing-GGUF"), house.surroundings, CancelToken())
    [size] = seen.sizes
    assert (size.size, len(size.files), size.beside_bytes) == ("Q8_0", len(parts), size.result_bytes)
    assert size.download_bytes == size.disk_bytes == size.result_bytes + (tmp_path / "p16.gguf").stat().st_size
    plan = make_plan(seen, ImportChoice(engine="none", output=tmp_path / "out.gguf"), house.surroundings)
    assert isinstance(plan, ImportPlan) and plan.drives[0].peak >= 2 * size.result_bytes
    made = prepare(Work(plan, tmp_path / "work", house.surroundings, lambda _event: None, CancelToken()))
    house.close()
    assert made.projector is not None and made.projector.read_bytes() == (tmp_path / "p16.gguf").read_bytes()
    assert not hub.requests(f"GET /_lfs/{repo.files['mmproj-BF16.gguf'].sha256}")


def test_the_cache_of_hugging_face_saves_the_fetch(hub: Hub, expected: bytes, tmp_path: Path) -> None:
    blobs = tmp_path / "hf" / "hub" / f"models--{NAME.replace('/', '--')}" / "blobs"
    blobs.mkdir(parents=True)
    for name, blob in hub.repos[NAME].files.items():
        if name.endswith(".safetensors") and blob.path is not None:
            (blobs / blob.sha256).write_bytes(blob.path.read_bytes())
    before = {path.name: path.read_bytes() for path in blobs.iterdir()}
    made = import_it(hub, tmp_path, HF_HOME=str(tmp_path / "hf"))
    assert made.status == 0, made.output + made.errors
    assert (tmp_path / "out.gguf").read_bytes() == expected
    assert {path.name: path.read_bytes() for path in blobs.iterdir()} == before
    assert hub.sent_bytes < sum(map(len, before.values())) / 2  # headers only


def test_a_wrong_key_shows_in_no_error(hub: Hub, tmp_path: Path) -> None:
    made = import_it(hub, tmp_path, HF_TOKEN=WRONG_KEY)
    assert (made.status, made.last["code"]) == (1, "hub_key_invalid")
    assert WRONG_KEY[:12] not in made.output + made.errors
