"""Where an import makes a file of its own, and where the given one goes to the engine as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modelyard.engines.ollama.engine import OllamaEngine
from modelyard.events import CancelToken, Event, Step
from modelyard.formats.split import read_set
from modelyard.importing.inspect_gguf import inspect_gguf
from modelyard.importing.plan import ImportChoice, ImportPlan
from modelyard.importing.planning import make_plan
from modelyard.importing.running import run_import
from modelyard.importing.sources import GgufFile, LibraryModel
from modelyard.importing.surroundings import Surroundings
from modelyard.quantize import gguf_sets, gguf_source
from tests.builders.gguf_files import tiny_llama
from tests.builders.ollama_gguf import CHATML
from tests.builders.ollama_server import OllamaServer
from tests.builders.two_engines import two_engines

SHARDS_OF = 20_000


@pytest.fixture
def around(
    tmp_path: Path, server: OllamaServer, connect: Callable[[OllamaServer], OllamaEngine]
) -> Iterator[Surroundings]:
    with two_engines(tmp_path / "data", connect(server)) as made:
        yield made


def shards(whole: Path, folder: Path) -> Path:
    """The first of the parts of a set."""
    made, _ = read_set(whole)
    source = gguf_source.GgufFile(whole, made.header)
    return gguf_sets.split(source, folder, SHARDS_OF, listener=lambda _event: None, cancel=CancelToken())[0].path


def planned(path: Path, around: Surroundings, source: GgufFile | LibraryModel) -> ImportPlan:
    seen = inspect_gguf(source, path, around.machine)
    plan = make_plan(seen, ImportChoice(engine="ollama", name="tiny"), around)
    assert isinstance(plan, ImportPlan)
    return plan


def test_a_file_in_one_piece_goes_as_it_is(around: Surroundings, server: OllamaServer, tmp_path: Path) -> None:
    path = tiny_llama(chat_template=CHATML).write(tmp_path / "tiny.gguf")
    for source in (GgufFile(path), LibraryModel("builtin", "tiny")):
        plan = planned(path, around, source)
        assert [each.step for each in plan.steps] == [Step.LOOKING, Step.ADDING, Step.TESTING]
        (drive,) = plan.drives
        assert drive.peak == plan.result_bytes * (3 if server.generation == "0.33" else 1)


def test_a_split_set_is_made_whole_first(around: Surroundings, server: OllamaServer, tmp_path: Path) -> None:
    whole = tiny_llama(chat_template=CHATML).write(tmp_path / "tiny.gguf")
    folder = tmp_path / "set" / "tiny"
    folder.parent.mkdir()
    first = shards(whole, folder)
    plan = planned(first, around, GgufFile(first))
    assert [each.step for each in plan.steps] == [Step.LOOKING, Step.PREPARING, Step.ADDING, Step.TESTING]
    (drive,) = plan.drives  # the file of ours is linked: it takes its room once, and twice more where it is rewritten
    assert drive.peak == plan.result_bytes * (3 if server.generation == "0.33" else 1)
    events: list[Event] = []
    run_import(plan, around, events.append, CancelToken())
    sent = [body["files"] for body in server.bodies if "files" in body]
    assert sent and all(list(files) == ["model.gguf"] for files in sent)
    assert "POST /api/blobs" not in server.calls, "our own file was linked"
    assert [path.name for path in first.parent.iterdir()].count(first.name) == 1
