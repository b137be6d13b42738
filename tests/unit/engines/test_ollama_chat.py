"""Chat through Ollama: what arrives, how it ends, and what every failure becomes."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

from modelyard.engines.base import ChatMessage, ChatRequest, InstallRequest, Ownership
from modelyard.engines.ollama.engine import OllamaEngine
from modelyard.errors import Code, ModelyardError
from modelyard.events import CancelToken
from modelyard.modelfile.persona import ExampleMessage, Persona
from tests.builders.ollama_gguf import write_gguf
from tests.builders.ollama_server import OllamaServer

Connect = Callable[[OllamaServer], OllamaEngine]
THINKS = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}<think></think>assistant:"


def put(engine: OllamaEngine, folder: Path, persona: Persona | None = None, name: str = "m", **keys: object) -> None:
    path = write_gguf(folder / f"{name}.gguf", **keys)  # type: ignore[arg-type]
    request = InstallRequest(name, path, Ownership.THEIRS, persona or Persona())
    engine.install(request, lambda event: None, CancelToken())


def say(*texts: str, model: str = "m", **more: object) -> ChatRequest:
    roles = ("user", "assistant")
    messages = tuple(ChatMessage(roles[index % 2], text) for index, text in enumerate(texts))
    return ChatRequest(model, messages, **more)  # type: ignore[arg-type]


def answer(engine: OllamaEngine, request: ChatRequest) -> str:
    return "".join(chunk.text for chunk in engine.chat(request, CancelToken()))


def failing(engine: OllamaEngine, request: ChatRequest) -> ModelyardError:
    with pytest.raises(ModelyardError) as caught:
        list(engine.chat(request, CancelToken()))
    return caught.value


def test_an_answer_streams_and_ends_with_numbers(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path, Persona(system="Be kind."))
    chunks = list(engine.chat(say("hello you"), CancelToken()))
    assert "".join(chunk.text for chunk in chunks) == "Be kind. | hello you"
    assert len(chunks) > 3
    stats = chunks[-1].stats
    assert stats is not None
    assert (stats.reason, stats.answer_tokens, stats.context_length) == ("stop", 5, 512)
    assert stats.tokens_per_second > 0
    assert all(chunk.stats is None for chunk in chunks[:-1])


def test_nothing_happens_before_the_first_piece_is_asked_for(
    new_server: OllamaServer, connect: Connect, tmp_path: Path
) -> None:
    engine = connect(new_server)
    put(engine, tmp_path)
    calls = len(new_server.calls)
    engine.chat(say("x"), CancelToken())
    assert len(new_server.calls) == calls


def test_options_arrive_as_they_are(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path)
    options = {"min_p": 0.07, "num_predict": 1, "stop": ("a", "b"), "num_ctx": 256}
    chunks = list(engine.chat(say("one two", options=options), CancelToken()))
    assert server.bodies[-1]["options"] == options | {"stop": ["a", "b"]}
    assert chunks[-1].stats is not None
    assert (chunks[-1].stats.reason, chunks[-1].stats.context_length) == ("length", 256)


def test_thinking_is_apart(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path, chat_template=THINKS)
    chunks = list(engine.chat(say("x"), CancelToken()))
    assert "".join(chunk.thinking for chunk in chunks) == "hm"
    chunks = list(engine.chat(say("x", think=False), CancelToken()))
    assert "".join(chunk.thinking for chunk in chunks) == ""


def test_pictures_go_along(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    path = write_gguf(tmp_path / "v.gguf")
    projector = write_gguf(tmp_path / "p.gguf", general__type="mmproj")
    engine.install(InstallRequest("v", path, Ownership.THEIRS, projector=projector), lambda event: None, CancelToken())
    seen = ChatRequest("v", (ChatMessage("user", "what", images=(b"\x89PNG",)),))
    assert answer(engine, seen) == "what"
    assert server.bodies[-1]["messages"][-1]["images"] == ["iVBORw=="]
    put(engine, tmp_path)
    assert failing(engine, ChatRequest("m", seen.messages)).code is Code.ENGINE_NO_VISION


# --- another persona for one request ---------------------------------------------------------------------------------


def test_another_persona_for_one_request(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path, Persona(system="Old.", parameters={"temperature": 0.1, "top_k": 3}))
    wanted = Persona(system="New.", parameters={"top_k": 5})
    assert answer(engine, say("hi", persona=wanted)) == "New. | hi"
    assert server.bodies[-1]["options"] == {"temperature": 0.8, "top_k": 5}
    assert answer(engine, say("hi", persona=Persona())).strip() == "| hi"
    assert engine.show("m").persona.system == "Old."
    assert [model.name for model in engine.models()] == ["m:latest"]


def test_other_examples_take_a_copy_for_one_answer(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path, Persona(messages=(ExampleMessage("user", "q"), ExampleMessage("assistant", "a"))))
    assert answer(engine, say("hi", persona=Persona(system="Plain."))) == "Plain. | hi"
    copied = [body for body in server.bodies if str(body.get("model", "")).startswith("modelyard-helper-trying")]
    assert copied
    assert [model.name for model in engine.models()] == ["m:latest"]


@pytest.mark.parametrize("how", ["in the conversation", "unsaved persona"])
def test_a_system_text_stands_before_stored_examples(
    server: OllamaServer, connect: Connect, tmp_path: Path, how: str
) -> None:
    """Ollama would put it behind them, where most templates refuse it."""
    engine = connect(server)
    examples = (ExampleMessage("user", "q"), ExampleMessage("assistant", "a"))
    put(engine, tmp_path, Persona(system="Old.", messages=examples))
    if how == "unsaved persona":
        request = say("hi", persona=Persona(system="New.", messages=examples))
    else:
        request = ChatRequest("m", (ChatMessage("system", "New."), ChatMessage("user", "hi")))
    assert answer(engine, request) == "New. | hi"
    creates = [body for body in server.bodies if "system" in body]
    assert creates[-1]["system"] == "New."
    chats = [body for body in server.bodies if body.get("stream") is True and "options" in body]
    assert chats[-1]["messages"] == [{"role": "user", "content": "hi"}]
    assert engine.show("m").persona.system == "Old."
    assert [model.name for model in engine.models()] == ["m:latest"]


def test_a_helper_in_memory_is_the_model_it_was_made_of(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    """Weights are loaded once, under the name that came first, and stay so when the name is gone."""
    engine = connect(server)
    put(engine, tmp_path, Persona(messages=(ExampleMessage("user", "q"), ExampleMessage("assistant", "a"))))
    assert answer(engine, say("hi", persona=Persona())) == "hi"
    listed = [entry["name"] for entry in json.loads(urlopen(f"{server.url}/api/ps").read())["models"]]
    assert listed and listed[0].startswith("modelyard-helper-trying")
    assert [model.name for model in engine.running()] == ["m:latest"]
    assert connect(server).running() == [], "another program's helper has no name that anybody knows"
    chunks = list(engine.chat(say("hi"), CancelToken()))
    assert chunks[-1].stats is not None
    assert chunks[-1].stats.context_length == 512
    engine.unload("m")
    assert engine.running() == []


def test_removing_and_renaming_unload_first(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path)
    answer(engine, say("hi"))
    engine.rename("m", "n")
    assert engine.running() == []
    answer(engine, say("hi", model="n"))
    engine.remove("n")
    assert engine.running() == []


def test_a_system_text_in_the_conversation_comes_first(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path, Persona(system="Stored."))
    request = ChatRequest("m", (ChatMessage("system", "Mine."), ChatMessage("user", "hi")))
    assert answer(engine, request) == "Mine. | hi"


# --- ends ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["before the first word", "in the middle", "before it begins"])
def test_cancelling_ends_at_once(new_server: OllamaServer, connect: Connect, tmp_path: Path, moment: str) -> None:
    engine = connect(new_server)
    put(engine, tmp_path)
    new_server.first_word_seconds = 60.0 if moment == "before the first word" else 0.0
    new_server.word_seconds = 0.5 if moment == "in the middle" else 0.0
    cancel = CancelToken()
    stopped = [0.0]

    def stop() -> None:
        stopped[0] = time.monotonic()
        cancel.cancel()

    timer = threading.Timer(0.0 if moment == "before it begins" else 0.7, stop)
    timer.start()
    if moment == "before it begins":
        timer.join()
    chunks = list(engine.chat(say(" ".join("x" * 100)), cancel))
    assert time.monotonic() - stopped[0] < 10
    timer.join()
    assert chunks[-1].stats is not None
    assert chunks[-1].stats.reason == "cancelled"
    new_server.first_word_seconds = new_server.word_seconds = 0.0
    assert answer(engine, say("again")) == "again"


def test_closing_the_answer_closes_the_connection(new_server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(new_server)
    put(engine, tmp_path)
    new_server.word_seconds = 0.02
    parts = engine.chat(say(" ".join("x" * 400)), CancelToken())
    next(parts)
    parts.close()  # type: ignore[attr-defined]
    assert answer(engine, say("again")) == "again"


def test_what_does_not_fit_is_forgotten_and_counted(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path, Persona(system="S"))
    long = [" ".join(["w"] * 60) for _ in range(20)]
    chunks = list(engine.chat(say(*long, "last"), CancelToken()))
    assert chunks[-1].stats is not None
    assert chunks[-1].stats.forgotten > 0
    assert "".join(chunk.text for chunk in chunks) == "S | last"
    error = failing(engine, say(" ".join(["w"] * 600)))
    assert error.code is Code.ENGINE_PROMPT_TOO_LONG
    assert error.fields["context_length"] == 512


# --- failures --------------------------------------------------------------------------------------------------------


def test_a_connection_lost_in_the_middle(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path)
    server.cut_chat_after = 2
    assert failing(engine, say("a b c d")).code is Code.OLLAMA_LOST
    assert answer(engine, say("again")) == "again"


def test_an_error_in_the_middle(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path)
    server.broken_after = 2
    assert failing(engine, say("a b c d")).code is Code.ENGINE_LOAD_FAILED
    server.broken_after = None
    assert answer(engine, say("again")) == "again"


def test_a_model_that_is_gone(server: OllamaServer, connect: Connect) -> None:
    error = failing(connect(server), say("x", model="nope"))
    assert error.code is Code.ENGINE_MODEL_MISSING
    assert error.fields["name"] == "nope"


def test_a_wrong_option(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path)
    error = failing(engine, say("x", options={"temperature": "hot"}))
    assert (error.code, error.fields["option"]) == (Code.ENGINE_BAD_OPTION, "temperature")
    assert failing(engine, say("x", think=True)).fields["option"] == "think"


def test_an_embedding_model(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path, llama__pooling_type=1)
    assert failing(engine, say("x")).code is Code.ENGINE_NO_CHAT


def test_an_architecture_that_newer_servers_refuse_only_now(
    new_server: OllamaServer, connect: Connect, tmp_path: Path
) -> None:
    engine = connect(new_server)
    put(engine, tmp_path, general__architecture="newarch9")
    error = failing(engine, say("x"))
    assert error.code is Code.ENGINE_LOAD_FAILED
    assert "newarch9" in str(error.fields["detail"])


def test_a_busy_server(new_server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(new_server)
    put(engine, tmp_path)
    new_server.busy = True
    assert failing(engine, say("x")).code is Code.OLLAMA_BUSY


def test_a_cloud_model_without_cloud(new_server: OllamaServer, connect: Connect) -> None:
    assert failing(connect(new_server), say("x", model="gpt-oss:20b-cloud")).code is Code.OLLAMA_CLOUD_OFF


def test_a_server_that_ended_and_came_back(tmp_path: Path, connect: Connect) -> None:
    with OllamaServer(tmp_path / "models") as server:
        engine = connect(server)
        put(engine, tmp_path)
    error = failing(engine, say("x"))
    assert error.code is Code.OLLAMA_STOPPED


def test_unload_and_answer_again(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path)
    assert answer(engine, say("x")) == "x"
    assert [(model.name, model.context_length) for model in engine.running()] == [("m:latest", 512)]
    engine.unload("m")
    assert engine.running() == []
    assert answer(engine, say("y")) == "y"
