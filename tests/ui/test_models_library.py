"""What the list knows and how it is searched, sorted and worded; no window."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelyard.engines.base import EngineState, InstalledModel, RunningModel
from modelyard.errors import Code, ModelyardError
from modelyard.host.machine import Machine
from modelyard.importing.inspection import Fit
from modelyard.ui.models.library import Order, entry_of, look_at_engine, wanted
from modelyard.ui.models.renaming import second_naming
from modelyard.ui.models.wording import ability_words, spoken, what_line, which_lines
from modelyard.words.catalogue import catalogue

from .twins import MODEL, TwinEngine

LAPTOP = Machine("Linux", 16 << 30, 8 << 30, 4)
WORDS = catalogue("en")


def model(name: str, size: int = 10**9, modified: float = 0.0, **more: object) -> InstalledModel:
    return replace(MODEL, name=name, display_name="", size_bytes=size, modified=modified, **more)  # type: ignore[arg-type]


def test_memory_is_known_or_guessed() -> None:
    known = entry_of(replace(MODEL, conversation_bytes=94_371_840), LAPTOP)
    assert known.exact and known.memory is not None
    assert (known.memory.weights, known.memory.conversation) == (MODEL.size_bytes, 94_371_840)
    guessed = entry_of(MODEL, LAPTOP)
    assert not guessed.exact and guessed.memory is not None and guessed.memory.conversation > 0
    assert known.fit is guessed.fit is Fit.FITS
    assert entry_of(model("big", 200 * 10**9), LAPTOP).fit is Fit.WONT_FIT


def test_a_cloud_model_needs_nothing_here() -> None:
    entry = entry_of(model("gpt-oss:120b-cloud", 400, remote=True), LAPTOP)
    assert (entry.memory, entry.fit) == (None, None)


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (Order.NAME, ["a", "B", "c"]),
        (Order.NEWEST, ["c", "B", "a"]),
        (Order.LARGEST, ["B", "a", "c"]),
        (Order.SMALLEST, ["c", "a", "B"]),
    ],
)
def test_order(order: Order, names: list[str]) -> None:
    models = [model("B", 9 * 10**9, 2), model("c", 10**9, 3), model("a", 5 * 10**9, 1)]
    entries = [entry_of(each, LAPTOP) for each in models]
    assert [entry.model.name for entry in wanted(entries, "", order)] == names


def test_every_word_is_searched_for_anywhere() -> None:
    entries = [
        entry_of(model("qwen3:8b", size_label="Q5_K_M", capabilities=("completion", "vision")), LAPTOP),
        entry_of(replace(MODEL, display_name="马里奥"), LAPTOP),
    ]

    def names(text: str) -> list[str]:
        return [entry.model.name for entry in wanted(entries, text, Order.NAME)]

    assert names("Q5 QWEN") == ["qwen3:8b"]
    assert names("马里") == [MODEL.name]
    assert names("vision") == ["qwen3:8b"]
    assert names("mistral") == []


def test_lines_about_a_model() -> None:
    seeing = replace(MODEL, capabilities=("completion", "tools", "vision"))
    assert ability_words(WORDS, seeing) == ["Pictures", "Tools"]
    assert what_line(WORDS, MODEL).endswith("Q4_K_M · 135 M · 105 MB")
    assert which_lines(MODEL, "SmolLM2")[0].startswith("smollm2-135m-instruct · llama · ")
    assert which_lines(model("gemma3:latest"), "gemma3")[0].startswith("llama")
    said = spoken(WORDS, entry_of(seeing, LAPTOP, RunningModel(MODEL.name, 10**8)))
    assert said.startswith("SmolLM2 135M Instruct, Built-in, In memory, ") and "Fits" in said


def test_an_engine_that_does_not_answer_is_a_status() -> None:
    engine = TwinEngine(engine_id="ollama")
    engine.state = EngineState.STOPPED

    def refuse() -> list[InstalledModel]:
        raise ModelyardError(Code.OLLAMA_STOPPED, address="x")

    engine.models = refuse  # type: ignore[method-assign]
    view = look_at_engine(engine, LAPTOP)  # type: ignore[arg-type]
    assert (view.status.state, view.entries) == (EngineState.STOPPED, ())
    engine.state = EngineState.READY
    assert look_at_engine(engine, LAPTOP).status.state is EngineState.UNREACHABLE  # type: ignore[arg-type]


def test_a_second_name_is_free() -> None:
    taken = ["smollm2-135m-instruct", "smollm2-135m-instruct-2"]
    naming = second_naming(MODEL, taken)
    assert (naming.shown, naming.technical) == ("SmolLM2 135M Instruct 3", "smollm2-135m-instruct-3")
    assert second_naming(model("llama3.2:3b"), ["llama3.2:3b"]).technical == "llama3.2-2:3b"
