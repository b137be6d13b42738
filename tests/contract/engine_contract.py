"""What every engine promises (engines/base.Engine).

A test class of an engine inherits EngineContract and gives it three fixtures: `engine`, `gguf` (a model file it can
run) and `embedding_gguf` (one that cannot chat).
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard.engines.base import (
    ChatChunk,
    ChatMessage,
    ChatRequest,
    ChatStats,
    Engine,
    EngineState,
    InstalledModel,
    InstallRequest,
    Ownership,
)
from modelyard.errors import Cancelled, Code, ModelyardError
from modelyard.events import CancelToken, Event, Kind
from modelyard.modelfile.persona import ExampleMessage, Persona

MARIO = Persona(
    system="You are Mario from Super Mario Bros.\nSay “Mamma mia!” often.",
    parameters={"temperature": 0.0, "seed": 7, "num_predict": 12, "stop": ("###", "\nUser:")},
    messages=(ExampleMessage("user", "Hi"), ExampleMessage("assistant", "It's-a me!")),
    licenses=("MIT",),
)
SHORT = {"num_predict": 6, "temperature": 0.0, "seed": 1}


class EngineContract:
    long_answer = 400  # tokens of an answer that is meant to be cut short

    @pytest.fixture
    def engine(self) -> Iterator[Engine]:
        raise NotImplementedError

    @pytest.fixture
    def gguf(self) -> Path:
        raise NotImplementedError

    @pytest.fixture
    def embedding_gguf(self) -> Path:
        raise NotImplementedError

    # --- helpers -------------------------------------------------------------------------------------------------

    def install(self, engine: Engine, gguf: Path, name: str = "mario", **more: Any) -> InstalledModel:
        request = InstallRequest(name=name, gguf=gguf, ownership=Ownership.THEIRS, **{"persona": MARIO, **more})
        return engine.install(request, lambda event: None, CancelToken())

    def ask(self, engine: Engine, text: str, name: str = "mario", **more: Any) -> tuple[str, ChatStats]:
        chunks = list(engine.chat(question(text, name, **more), CancelToken()))
        return told(chunks)

    # --- status and lists ----------------------------------------------------------------------------------------

    def test_says_who_it_is(self, engine: Engine) -> None:
        status = engine.status()
        assert status.engine == engine.id
        assert status.state is EngineState.READY

    def test_begins_empty(self, engine: Engine) -> None:
        assert engine.models() == []
        assert engine.running() == []

    def test_lists_what_was_installed(self, engine: Engine, gguf: Path) -> None:
        installed = self.install(engine, gguf)
        [listed] = engine.models()
        assert listed.name.removesuffix(":latest") == installed.name.removesuffix(":latest") == "mario"
        assert listed.engine == engine.id
        assert listed.architecture == "llama"
        assert listed.size_label
        assert listed.size_bytes >= gguf.stat().st_size
        assert abs(listed.modified - time.time()) < 3600
        assert not listed.remote

    # --- install -------------------------------------------------------------------------------------------------

    def test_never_touches_the_persons_file(self, engine: Engine, gguf: Path) -> None:
        before = (gguf.stat().st_mtime_ns, hashlib.sha256(gguf.read_bytes()).hexdigest())
        self.install(engine, gguf)
        self.install(engine, gguf, replace=True)
        self.ask(engine, "Hello", options=SHORT)
        engine.remove("mario")
        assert (gguf.stat().st_mtime_ns, hashlib.sha256(gguf.read_bytes()).hexdigest()) == before

    def test_tells_how_far_it_is(self, engine: Engine, gguf: Path) -> None:
        events: list[Event] = []
        engine.install(InstallRequest("mario", gguf, Ownership.THEIRS), events.append, CancelToken())
        told = [event for event in events if event.kind is Kind.PROGRESS]
        assert told
        assert {event.fields["step"] for event in told} == {"adding"}
        done = [event.fields["done"] for event in told]
        assert done == sorted(done)
        assert told[-1].fields["done"] == told[-1].fields["total"]

    def test_a_taken_name_is_refused_whatever_its_case(self, engine: Engine, gguf: Path) -> None:
        self.install(engine, gguf)
        for name in ("mario", "MARIO", "mario:latest"):
            with pytest.raises(ModelyardError) as caught:
                self.install(engine, gguf, name, persona=Persona())
            assert caught.value.code is Code.ENGINE_NAME_TAKEN
        assert engine.show("mario").persona.system == MARIO.system

    def test_replaces_when_asked(self, engine: Engine, gguf: Path) -> None:
        self.install(engine, gguf)
        self.install(engine, gguf, persona=Persona(system="You are Luigi."), replace=True)
        assert len(engine.models()) == 1
        persona = engine.show("mario").persona
        assert persona.system == "You are Luigi."
        assert persona.messages == ()

    @pytest.mark.parametrize("name", ["", " ", "a b", "../up", "a/../b", "-a", "x" * 400, "a:b:c", "ä", "a\n"])
    def test_a_bad_name_is_refused(self, engine: Engine, gguf: Path, name: str) -> None:
        with pytest.raises(ModelyardError) as caught:
            self.install(engine, gguf, name)
        assert caught.value.code is Code.ENGINE_NAME_INVALID
        assert engine.models() == []

    def test_names_with_a_tag_stand_side_by_side(self, engine: Engine, gguf: Path) -> None:
        for name in ("mario", "mario:q4_k_m", "mario-2.5"):
            self.install(engine, gguf, name)
        assert {model.name.removesuffix(":latest") for model in engine.models()} == {
            "mario",
            "mario:q4_k_m",
            "mario-2.5",
        }
        engine.remove("mario:q4_k_m")
        assert {model.name.removesuffix(":latest") for model in engine.models()} == {"mario", "mario-2.5"}

    def test_cancelled_leaves_nothing(self, engine: Engine, gguf: Path) -> None:
        cancel = CancelToken()
        with pytest.raises(Cancelled):
            engine.install(InstallRequest("mario", gguf, Ownership.THEIRS), lambda event: cancel.cancel(), cancel)
        assert engine.models() == []
        self.install(engine, gguf)

    def test_a_file_that_is_none_is_refused(self, engine: Engine, tmp_path: Path) -> None:
        junk = tmp_path / "junk.gguf"
        junk.write_bytes(b"<html>not found</html>" * 100)
        for path in (junk, tmp_path / "missing.gguf"):
            with pytest.raises(ModelyardError):
                self.install(engine, path)
        assert engine.models() == []

    def test_odd_folders_are_no_matter(self, engine: Engine, gguf: Path, tmp_path: Path) -> None:
        folder = tmp_path / "张庭纲 文件" / "a b"
        folder.mkdir(parents=True)
        path = folder / "模型 1.gguf"
        path.write_bytes(gguf.read_bytes())
        self.install(engine, path)
        assert self.ask(engine, "Hello", options=SHORT)[0]

    # --- personas ------------------------------------------------------------------------------------------------

    def test_shows_the_persona(self, engine: Engine, gguf: Path) -> None:
        self.install(engine, gguf)
        persona = engine.show("mario").persona
        assert persona.system == MARIO.system
        assert dict(persona.parameters) == dict(MARIO.parameters)
        assert persona.messages == MARIO.messages
        assert persona.licenses == MARIO.licenses

    def test_keeps_text_that_no_modelfile_can_carry(self, engine: Engine, gguf: Path) -> None:
        system = '👩\u200d👧 says\u00a0"""hi"""\nand\u200b more \t'
        self.install(engine, gguf, persona=Persona(system=system))
        assert engine.show("mario").persona.system == system

    def test_an_update_inherits_nothing(self, engine: Engine, gguf: Path) -> None:
        self.install(engine, gguf)
        engine.update("mario", Persona(parameters={"num_predict": 3}), lambda event: None, CancelToken())
        persona = engine.show("mario").persona
        assert (persona.system, persona.messages) == ("", ())
        assert dict(persona.parameters) == {"num_predict": 3}
        assert len(engine.models()) == 1
        assert self.ask(engine, "Hello")[1].answer_tokens <= 4

    def test_copies_live_their_own_lives(self, engine: Engine, gguf: Path) -> None:
        self.install(engine, gguf)
        engine.copy("mario", "wario")
        engine.update("wario", Persona(system="I am Wario."), lambda event: None, CancelToken())
        assert engine.show("mario").persona.system == MARIO.system
        assert engine.show("wario").persona.system == "I am Wario."
        engine.remove("mario")
        assert self.ask(engine, "Hello", "wario", options=SHORT)[0]

    def test_copying_keeps_to_the_names(self, engine: Engine, gguf: Path) -> None:
        self.install(engine, gguf)
        for source, destination, code in (
            ("mario", "Mario", Code.ENGINE_NAME_TAKEN),
            ("mario", "no good", Code.ENGINE_NAME_INVALID),
            ("nobody", "wario", Code.ENGINE_MODEL_MISSING),
        ):
            with pytest.raises(ModelyardError) as caught:
                engine.copy(source, destination)
            assert caught.value.code is code

    def test_removes(self, engine: Engine, gguf: Path) -> None:
        self.install(engine, gguf)
        self.ask(engine, "Hello", options=SHORT)
        assert engine.remove("MARIO") >= gguf.stat().st_size
        assert engine.models() == []
        self.install(engine, gguf)

    def test_a_missing_model_is_named(self, engine: Engine) -> None:
        def none(_event: Event) -> None:
            """Nobody listens."""

        for call in (
            lambda: engine.show("nobody"),
            lambda: engine.remove("nobody"),
            lambda: engine.update("nobody", Persona(), none, CancelToken()),
            lambda: engine.unload("nobody"),
            lambda: next(engine.chat(question("Hi", "nobody"), CancelToken())),
        ):
            with pytest.raises(ModelyardError) as caught:
                call()
            assert caught.value.code is Code.ENGINE_MODEL_MISSING

    # --- answers -------------------------------------------------------------------------------------------------

    def test_answers_in_a_stream(self, engine: Engine, gguf: Path) -> None:
        self.install(engine, gguf)
        chunks = list(engine.chat(question("Who are you?"), CancelToken()))
        assert len(chunks) > 2
        assert [chunk.stats is None for chunk in chunks] == [True] * (len(chunks) - 1) + [False]
        text, stats = told(chunks)
        assert text.strip()
        assert stats.reason in ("stop", "length")
        assert stats.answer_tokens > 0
        assert stats.prompt_tokens > 0
        assert stats.tokens_per_second > 0

    def test_options_and_a_persona_of_the_moment_count(self, engine: Engine, gguf: Path) -> None:
        self.install(engine, gguf)
        _, stats = self.ask(engine, "Tell a story.", options={"num_predict": 2})
        assert (stats.reason, stats.answer_tokens) == ("length", 2)
        momentary = Persona(system="Be short.", parameters={"num_predict": 3, "temperature": 0.0})
        _, stats = self.ask(engine, "Tell a story.", persona=momentary)
        assert (stats.reason, stats.answer_tokens) == ("length", 3)
        assert engine.show("mario").persona.system == MARIO.system
        assert len(engine.models()) == 1

    def test_a_bad_option_is_an_error_in_the_chat(self, engine: Engine, gguf: Path) -> None:
        self.install(engine, gguf)
        with pytest.raises(ModelyardError) as caught:
            self.ask(engine, "Hi", options={"temperature": "hot"})
        assert caught.value.code is Code.ENGINE_BAD_OPTION
        assert caught.value.fields["option"] == "temperature"
        assert self.ask(engine, "Hi", options=SHORT)[0]

    def test_cancelling_ends_the_stream(self, engine: Engine, gguf: Path) -> None:
        self.install(engine, gguf)
        cancel = CancelToken()
        chunks = []
        for chunk in engine.chat(question("Tell a very long story.", options=self.long()), cancel):
            chunks.append(chunk)
            if len(chunks) == 2:
                cancel.cancel()
        assert chunks[-1].stats is not None
        assert chunks[-1].stats.reason == "cancelled"
        assert len(chunks) <= 5
        assert self.ask(engine, "Hi", options=SHORT)[1].reason != "cancelled"

    def test_cancelled_before_it_began(self, engine: Engine, gguf: Path) -> None:
        self.install(engine, gguf)
        cancel = CancelToken()
        cancel.cancel()
        text, stats = told(list(engine.chat(question("Hi"), cancel)))
        assert (text, stats.reason) == ("", "cancelled")

    def test_closing_the_stream_cancels(self, engine: Engine, gguf: Path) -> None:
        self.install(engine, gguf)
        stream = engine.chat(question("Tell a very long story.", options=self.long()), CancelToken())
        next(stream)
        stream.close()  # type: ignore[attr-defined]
        assert self.ask(engine, "Hi", options=SHORT)[0]

    def test_conversations_at_once_are_never_mixed(self, engine: Engine, gguf: Path) -> None:
        self.install(engine, gguf)
        questions = ["Count to five.", "What is the sun?", "Name a fruit."]
        alone = {text: self.ask(engine, text, options=SHORT)[0] for text in questions}
        together: dict[str, str] = {}

        def run(text: str) -> None:
            together[text] = self.ask(engine, text, options=SHORT)[0]

        threads = [threading.Thread(target=run, args=(text,)) for text in questions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert together == alone

    def test_a_model_that_cannot_chat_says_so(self, engine: Engine, embedding_gguf: Path) -> None:
        self.install(engine, embedding_gguf, "vectors", persona=Persona())
        assert engine.show("vectors").model.capabilities == ("embedding",)
        with pytest.raises(ModelyardError) as caught:
            self.ask(engine, "Hi", "vectors")
        assert caught.value.code is Code.ENGINE_NO_CHAT

    def test_loads_and_unloads(self, engine: Engine, gguf: Path) -> None:
        self.install(engine, gguf)
        self.ask(engine, "Hi", options=SHORT)
        [running] = engine.running()
        assert running.name.removesuffix(":latest") == "mario"
        assert running.memory_bytes > 0
        engine.unload("mario")
        assert engine.running() == []
        engine.unload("mario")
        assert self.ask(engine, "Hi", options=SHORT)[0]

    def test_closes_twice(self, engine: Engine, gguf: Path) -> None:
        self.install(engine, gguf)
        self.ask(engine, "Hi", options=SHORT)
        engine.close()
        engine.close()

    def long(self) -> dict[str, Any]:
        return {"num_predict": self.long_answer}


def question(text: str, name: str = "mario", **more: Any) -> ChatRequest:
    return ChatRequest(model=name, messages=(ChatMessage("user", text),), **more)


def told(chunks: list[ChatChunk]) -> tuple[str, ChatStats]:
    """The whole answer and its end."""
    stats = chunks[-1].stats
    assert stats is not None
    return "".join(chunk.text for chunk in chunks), stats
