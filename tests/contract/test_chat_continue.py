"""An answer that was cut off goes on where it ended: the model gets it as the beginning of its own turn, no new turn.

What the chat sends is made by the chat itself (ui/chat/asking.py); the engines are the real ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modelyard.chat.store import ChatStore
from modelyard.chat.values import Message, Role, State, Stats
from modelyard.engines.base import ChatRequest, Engine, InstalledModel, InstallRequest, Ownership
from modelyard.engines.builtin.engine import BuiltinEngine
from modelyard.engines.ollama.engine import OllamaEngine
from modelyard.events import CancelToken
from modelyard.importing.describe import describe
from modelyard.ui.chat.asking import Question, request_of
from tests.builders.gguf_files import tiny_llama
from tests.builders.ollama_gguf import CHATML
from tests.builders.ollama_server import OllamaServer
from tests.e2e.program import sample_gguf

_SURE = {"temperature": 0.0, "repeat_penalty": 1.0, "num_ctx": 512}


def install(engine: Engine, gguf: Path) -> InstalledModel:
    return engine.install(InstallRequest("one", gguf, Ownership.THEIRS_LINK), lambda event: None, CancelToken())


def cut_off(store: ChatStore, text: str, *, system: str = "", thinking: str = "") -> Message:
    """A conversation whose only answer was stopped after `text`."""
    head = store.conversations.create(engine="x", model="one", system=system, options=dict(_SURE))
    asked = store.messages.add(head.id, Role.USER, "What is the capital of France? Tell me about it.")
    return store.messages.add(
        head.id, Role.ASSISTANT, text, parent=asked.id, thinking=thinking, state=State.STOPPED, stats=Stats("cancelled")
    )


def going_on(store: ChatStore, answer: Message, model: InstalledModel) -> ChatRequest:
    question = Question(model, answer.conversation, resume=answer.id)
    head = store.conversations.get(answer.conversation)
    path = store.messages.path(answer.conversation, until=answer.id)
    return request_of(question, head, path, store.messages.attachment_data)


def test_the_builtin_engine_goes_on_word_for_word(tmp_path: Path) -> None:
    """With the likeliest token each time, a cut answer ends exactly as the whole one."""
    engine = BuiltinEngine(tmp_path / "models", describe=describe)
    try:
        model = install(engine, sample_gguf())

        def said(request: ChatRequest, tokens: int) -> str:
            limited = ChatRequest(request.model, request.messages, {**request.options, "num_predict": tokens})
            return "".join(chunk.text for chunk in engine.chat(limited, CancelToken()))

        with ChatStore(tmp_path / "chats.sqlite3") as store:
            asked = going_on(store, cut_off(store, ""), model)
            assert [each.role for each in asked.messages] == ["user"]
            whole = said(asked, 40)
            start = said(asked, 13)
            assert whole.startswith(start) and len(start) < len(whole)
            request = going_on(store, cut_off(store, start), model)
            assert request.messages[-1].content == start
            assert start + said(request, 27) == whole
            # In the middle of a word, too: no greeting, no new beginning.
            half = whole[: whole.index("capital") + 3]
            rest = said(going_on(store, cut_off(store, half), model), 12)
            assert rest and rest[0].islower() and "capital" not in rest
    finally:
        engine.close()


def test_what_ollama_is_sent(
    tmp_path: Path, server: OllamaServer, connect: Callable[[OllamaServer], OllamaEngine]
) -> None:
    """The cut answer stands last, as the assistant's; nothing asks for anything new. (A template that leaves a last
    answer open then goes on with it: llama-server's own and those we derive do.)"""
    engine = connect(server)
    model = install(engine, tiny_llama(chat_template=CHATML).write(tmp_path / "tiny.gguf"))
    with ChatStore(tmp_path / "chats.sqlite3") as store:
        answer = cut_off(store, "Paris is", system="Be kind.", thinking="Where is France?")
        list(engine.chat(going_on(store, answer, model), CancelToken()))
    body = next(each for each in reversed(server.bodies) if each.get("messages"))
    assert body["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "What is the capital of France? Tell me about it."},
        {"role": "assistant", "content": "Paris is"},
    ]
    assert "think" not in body and body["truncate"] is False
    assert body["options"]["temperature"] == 0.0


@pytest.mark.parametrize("capabilities", [("completion",), ("completion", "thinking")])
def test_it_does_not_think_anew(tmp_path: Path, capabilities: tuple[str, ...]) -> None:
    """Its thinking is behind it; a model that cannot think is not told about it."""
    model = InstalledModel("ollama", "one", "one", "llama", 1, "Q8_0", 1, 0.0, 4096, capabilities)
    with ChatStore(tmp_path / "chats.sqlite3") as store:
        request = going_on(store, cut_off(store, "Paris is", thinking="Hm."), model)
    assert request.think is (False if "thinking" in capabilities else None)
