"""The whole import with a real Ollama at its end (the strict twin over HTTP, every generation): what is said before,
what lies on the disk, the prompt compared, the answer tested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from modelyard.bootstrap import House, build_house
from modelyard.engines.ollama import needs
from modelyard.errors import Code
from modelyard.events import CancelToken, Event, Kind
from modelyard.importing.inspecting import inspect
from modelyard.importing.inspection import Inspection, Refusal
from modelyard.importing.plan import ImportChoice, ImportPlan
from modelyard.importing.planning import make_plan
from modelyard.importing.running import ImportResult, run_import
from modelyard.importing.sources import CheckpointFolder, GgufFile
from modelyard.modelfile.persona import Persona
from modelyard.selftest.tiny_checkpoint import write_tiny_llama
from tests.builders.ollama_gguf import CHATML, write_gguf
from tests.builders.ollama_server import OllamaServer


@pytest.fixture
def house(tmp_path: Path, server: OllamaServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("OLLAMA_HOST", server.url)
    made = build_house(tmp_path / "数据")
    yield made
    made.close()


def _plan(house: House, seen: Inspection, **choice: object) -> ImportPlan | Refusal:
    return make_plan(seen, ImportChoice(engine="ollama", **choice), house.surroundings)  # type: ignore[arg-type]


def _run(house: House, plan: ImportPlan | Refusal) -> tuple[ImportResult, list[str]]:
    assert isinstance(plan, ImportPlan), plan
    events: list[Event] = []
    result = run_import(plan, house.surroundings, events.append, CancelToken())
    return result, [str(event.fields["code"]) for event in events if event.kind is Kind.WARNING]


def test_a_checkpoint_ends_in_ollama(house: House, server: OllamaServer, tmp_path: Path) -> None:
    source = CheckpointFolder(write_tiny_llama(tmp_path / "Tiny-Llama"))
    seen = inspect(source, house.surroundings, CancelToken())
    plan = _plan(house, seen, size="Q8_0")
    assert isinstance(plan, ImportPlan)
    (drive,) = plan.drives  # work folder and store lie on one
    rewrites = server.generation == "0.33"
    assert drive.after == plan.result_bytes
    assert drive.peak == plan.result_bytes * (3 if rewrites else 1)
    assert [note.code for note in plan.warnings] == (["ollama_rewrites"] if rewrites else [])
    result, _ = _run(house, plan)
    assert (result.engine, result.verdict) == ("ollama", "good")
    assert [model.name for model in house.engines["ollama"].models()] == [result.name]
    assert list(house.surroundings.work_folder.iterdir()) == []
    assert any("_debug_render_only" in body for body in server.bodies), "the prompt was compared"


def test_a_persons_own_file(house: House, server: OllamaServer, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "mine.gguf", chat_template=CHATML)
    seen = inspect(GgufFile(path), house.surroundings, CancelToken())
    plan = _plan(house, seen)
    assert isinstance(plan, ImportPlan)
    assert sum(drive.peak for drive in plan.drives) == plan.result_bytes * (3 if server.generation == "0.33" else 1)
    result, warnings = _run(house, plan)
    assert (path.is_file(), warnings) == (True, [])
    again = _plan(house, seen, name=result.name.upper())
    assert isinstance(again, Refusal) and again.code is Code.ENGINE_NAME_TAKEN


def test_too_new_for_this_ollama(
    house: House,
    server: OllamaServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(needs, "_first_versions", lambda: {"llama": "9.1"})
    path = write_gguf(tmp_path / "new.gguf", chat_template=CHATML)
    seen = inspect(GgufFile(path), house.surroundings, CancelToken())
    refused = _plan(house, seen)
    assert isinstance(refused, Refusal) and refused.code is Code.OLLAMA_TOO_OLD
    assert refused.fields["needed"] == "9.1" and refused.fields["url"]
    unlisted = _plan(house, replace(seen, architecture="spaghettinet"))
    assert isinstance(unlisted, ImportPlan), "what the table does not list is nobody's business"
    assert not any(call.startswith("POST /api/create") for call in server.calls)


def test_a_prompt_nothing_can_mend_is_told(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_gguf(tmp_path / "odd.gguf", chat_template=CHATML)
    engine = house.engines["ollama"]
    monkeypatch.setattr(engine, "settle_prompt", lambda *_: False)
    seen = inspect(GgufFile(path), house.surroundings, CancelToken())
    assert "ollama_prompt_differs" in _run(house, _plan(house, seen))[1]


def test_a_persons_template_stays(house: House, server: OllamaServer, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "own.gguf", chat_template=CHATML)
    seen = inspect(GgufFile(path), house.surroundings, CancelToken())
    mine = Persona(template="Q: {{ .Prompt }}")
    result, _ = _run(house, _plan(house, seen, persona=mine))
    assert house.engines["ollama"].show(result.name).persona.template == mine.template


def test_ollama_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    house = build_house(tmp_path / "data")
    path = write_gguf(tmp_path / "m.gguf", chat_template=CHATML)
    seen = inspect(GgufFile(path), house.surroundings, CancelToken())
    refused = _plan(house, seen)
    assert isinstance(refused, Refusal) and refused.code is Code.OLLAMA_STOPPED
    assert isinstance(make_plan(seen, ImportChoice(), house.surroundings), ImportPlan), "the built-in engine serves"
    house.settings.set("engine", "auto")
    assert house.surroundings.default_engine == "builtin"
    house.close()


def test_auto_means_ollama_when_it_runs(house: House) -> None:
    assert house.surroundings.default_engine == "builtin"
    house.settings.set("engine", "auto")
    assert house.surroundings.default_engine == "ollama"
    first = house.engines["ollama"]
    house.settings.set("ollama_address", "127.0.0.1:9")
    assert house.engines["ollama"] is not first and house.surroundings.default_engine == "builtin"
