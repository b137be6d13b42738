"""A model of one engine put into the other: its role and its projector come along; its file is nobody's original."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from modelyard.engines.base import InstallRequest, Ownership
from modelyard.engines.ollama.engine import OllamaEngine
from modelyard.events import CancelToken
from modelyard.importing.inspect_library import inspect_library
from modelyard.importing.inspection import Inspection
from modelyard.importing.plan import ImportChoice, ImportPlan
from modelyard.importing.planning import make_plan
from modelyard.importing.prepare import prepare
from modelyard.importing.running import ImportResult, run_import
from modelyard.importing.sources import LibraryModel
from modelyard.importing.surroundings import Surroundings
from modelyard.importing.work import Work
from modelyard.modelfile.persona import Persona
from tests.builders.gguf_files import projector_file, tiny_llama
from tests.builders.ollama_gguf import CHATML
from tests.builders.ollama_server import OllamaServer
from tests.builders.two_engines import two_engines

MARIO = Persona(system="You are Mario.", parameters={"temperature": 0.7})


@pytest.fixture
def around(
    tmp_path: Path, new_server: OllamaServer, connect: Callable[[OllamaServer], OllamaEngine]
) -> Iterator[Surroundings]:
    with two_engines(tmp_path / "data", connect(new_server)) as made:
        yield made


def put_in(around: Surroundings, engine: str, tmp_path: Path, projector: Path | None = None) -> None:
    gguf = tiny_llama(chat_template=CHATML).write(tmp_path / "tiny.gguf")
    request = InstallRequest("mario", gguf, Ownership.THEIRS, MARIO, projector=projector)
    around.engine(engine).install(request, lambda _event: None, CancelToken())


def move(around: Surroundings, source: str, choice: ImportChoice) -> ImportResult:
    seen: Inspection = inspect_library(LibraryModel(source, "mario"), around)
    plan = make_plan(seen, choice, around)
    assert isinstance(plan, ImportPlan)
    return run_import(plan, around, lambda _event: None, CancelToken())


@pytest.mark.parametrize(("source", "target"), [("builtin", "ollama"), ("ollama", "builtin")])
def test_role_and_settings_come_along(around: Surroundings, tmp_path: Path, source: str, target: str) -> None:
    put_in(around, source, tmp_path)
    result = move(around, source, ImportChoice(size="as-is", engine=target, name="mario"))
    there = around.engine(target).show("mario").persona
    assert (there.system, there.parameters["temperature"]) == ("You are Mario.", 0.7)
    assert result.original == ""
    assert around.engine(source).show("mario").persona.system == "You are Mario."  # the old one is untouched


def test_another_role_may_be_chosen(around: Surroundings, tmp_path: Path) -> None:
    put_in(around, "builtin", tmp_path)
    luigi = replace(MARIO, system="You are Luigi.")
    move(around, "builtin", ImportChoice(size="as-is", engine="ollama", name="luigi", persona=luigi))
    assert around.engine("ollama").show("luigi").persona.system == "You are Luigi."


def test_a_smaller_one_of_the_same_engine(around: Surroundings, tmp_path: Path) -> None:
    put_in(around, "builtin", tmp_path)
    result = move(around, "builtin", ImportChoice(size="Q8_0"))
    (small, large) = sorted(around.engine("builtin").models(), key=lambda model: model.size_bytes)
    assert (small.name, small.size_label) == (result.name, "Q8_0")
    assert large.name == "mario"
    assert around.engine("builtin").show(small.name).persona.system == "You are Mario."


def test_the_projector_comes_along(around: Surroundings, tmp_path: Path) -> None:
    """In Ollama's folder it has no name that would tell: only the engine knows."""
    put_in(around, "ollama", tmp_path, projector_file(32).write(tmp_path / "mmproj-tiny.gguf"))
    seen = inspect_library(LibraryModel("ollama", "mario"), around)
    assert seen.vision and seen.projector
    plan = make_plan(seen, ImportChoice(size="as-is", engine="builtin"), around)
    assert isinstance(plan, ImportPlan)
    prepared = prepare(Work(plan, tmp_path, around, lambda _event: None, CancelToken()))
    assert prepared.projector is not None
    assert prepared.projector.read_bytes() == (tmp_path / "mmproj-tiny.gguf").read_bytes()
