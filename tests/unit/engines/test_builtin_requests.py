"""From persona and question to llama.cpp's terms, and from its last words to codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.engines.asking import conversation, options_of
from modelyard.engines.base import ChatMessage, ChatRequest
from modelyard.engines.builtin.context import automatic_context
from modelyard.engines.builtin.model_folder import ModelFolder
from modelyard.engines.builtin.requests import chat_body, loading_of, without_oldest
from modelyard.engines.builtin.troubles import answer_error, cause, crash_error, load_error
from modelyard.engines.facts import ModelFacts
from modelyard.errors import Code, ModelyardError
from modelyard.host.machine import Machine
from modelyard.modelfile.document import Document
from modelyard.modelfile.persona import ExampleMessage, Persona

GIB = 1 << 30
MACHINE = Machine("Linux", 16 * GIB, 8 * GIB, 6)
MARIO = Persona(system="Mario", messages=(ExampleMessage("user", "q"), ExampleMessage("assistant", "a")))


def _roles(messages: list[ChatMessage]) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in messages]


def test_a_conversation_begins_with_the_persona() -> None:
    request = ChatRequest("m", (ChatMessage("user", "hi"),))
    assert _roles(conversation(request, MARIO)) == [
        ("system", "Mario"),
        ("user", "q"),
        ("assistant", "a"),
        ("user", "hi"),
    ]


def test_a_system_message_of_the_request_stands_in_for_the_personas() -> None:
    request = ChatRequest("m", (ChatMessage("system", "Luigi"), ChatMessage("user", "hi")))
    assert _roles(conversation(request, MARIO))[:2] == [("system", "Luigi"), ("user", "q")]


def test_two_system_texts_become_one() -> None:
    persona = Persona(system="A", messages=(ExampleMessage("system", "B"),))
    assert _roles(conversation(ChatRequest("m", (ChatMessage("user", "x"),)), persona)) == [
        ("system", "A\n\nB"),
        ("user", "x"),
    ]


def test_options_stand_over_parameters() -> None:
    persona = Persona(parameters={"temperature": 1.0, "top_k": 5})
    request = ChatRequest("m", (), options={"temperature": 0.1})
    assert options_of(request, persona) == {"temperature": 0.1, "top_k": 5}


@pytest.mark.parametrize(("name", "value"), [("nope", 1), ("num_ctx", "many"), ("stop", "x"), ("seed", True)])
def test_bad_options_are_named(name: str, value: object) -> None:
    with pytest.raises(ModelyardError) as caught:
        options_of(ChatRequest("m", (), options={name: value}), Persona())  # type: ignore[dict-item]
    assert caught.value.fields["option"] == name


def test_every_sampling_parameter_reaches_llama() -> None:
    options = {
        "temperature": 0.5,
        "top_p": 0.4,
        "top_k": 3,
        "min_p": 0.1,
        "typical_p": 0.9,
        "repeat_last_n": 10,
        "repeat_penalty": 1.2,
        "presence_penalty": 0.3,
        "frequency_penalty": 0.2,
        "seed": 5,
        "num_keep": 7,
        "num_predict": 9,
        "stop": ("a", "b"),
    }
    body = chat_body([ChatMessage("user", "x")], options, True, template=True, context=100, end_tokens=("</s>", "a"))
    names = {"num_keep": "n_keep", "num_predict": "max_tokens"}
    for name, value in options.items():
        if name != "stop":
            assert body[names.get(name, name)] == value
    assert body["stop"] == ["a", "b", "</s>"]
    assert body["chat_template_kwargs"] == {"enable_thinking": True}


def test_what_nobody_set_is_the_modelfiles_default() -> None:
    body = chat_body([ChatMessage("user", "x")], {}, None, template=True, context=100)
    assert (body["temperature"], body["top_p"], body["min_p"], body["repeat_penalty"]) == (0.8, 0.9, 0.0, 1.0)
    assert body["max_tokens"] == 1000
    assert "chat_template_kwargs" not in body
    assert "stop" not in body


def test_a_model_without_a_template_continues_the_text() -> None:
    messages = [ChatMessage("system", "A tale."), ChatMessage("user", "Once upon")]
    body = chat_body(messages, {}, None, template=False, context=100)
    assert body["prompt"] == "A tale.\n\nOnce upon"
    assert body["n_predict"] == 100
    assert "messages" not in body


def test_below_a_picture_too() -> None:
    """Only chat requests carry pictures."""
    body = chat_body([ChatMessage("user", "is", images=(b"\x89PNG",))], {}, None, template=False, context=100)
    assert "prompt" not in body and body["max_tokens"] == 100
    assert [part["type"] for part in body["messages"][0]["content"]] == ["image_url", "text"]


def test_pictures_travel_as_data() -> None:
    body = chat_body([ChatMessage("user", "?", images=(b"\xff\xd8\xffxyz",))], {}, None, template=True, context=9)
    text, picture = body["messages"][0]["content"]
    assert text == {"type": "text", "text": "?"}
    assert picture["image_url"]["url"] == "data:image/jpeg;base64,/9j/eHl6"


def test_the_oldest_messages_go_first() -> None:
    messages = [ChatMessage("system", "s")]
    for number in range(10):
        messages += [ChatMessage("user", f"question {number}"), ChatMessage("assistant", f"answer {number}")]
    messages.append(ChatMessage("user", "last"))
    fewer = without_oldest(messages, tokens=200, room=100)
    assert fewer[0].role == "system"
    assert fewer[1].role == "user"
    assert fewer[-1].content == "last"
    assert 4 <= len(fewer) <= 12
    assert without_oldest(messages[-1:], 200, 100) == messages[-1:]
    assert without_oldest([messages[0], messages[-1]], 200, 100) == [messages[0], messages[-1]]


def _model(tmp_path: Path) -> ModelFolder:
    return ModelFolder(tmp_path, "m", Document(()), (tmp_path / "model.gguf",))


def test_loading_follows_parameters_then_settings_then_the_computer(tmp_path: Path) -> None:
    facts = ModelFacts(context_length=8192, weight_bytes=GIB)
    plain = loading_of(_model(tmp_path), {}, facts, MACHINE, 0, -1)
    assert (plain.context, plain.threads, plain.gpu_layers, plain.batch, plain.mmap) == (8192, 6, -1, 512, True)
    settings = loading_of(_model(tmp_path), {}, facts, MACHINE, 3, 20)
    assert (settings.threads, settings.gpu_layers) == (3, 20)
    options = {"num_ctx": 1 << 20, "num_thread": 2, "num_gpu": 0, "num_batch": 64, "use_mmap": False, "main_gpu": 1}
    own = loading_of(_model(tmp_path), options, facts, MACHINE, 3, 20)
    assert (own.context, own.threads, own.gpu_layers, own.batch) == (8192, 2, 0, 64)
    assert (own.mmap, own.main_gpu) == (False, 1)


@pytest.mark.parametrize(
    ("weights", "limit", "bytes_a_token", "context"),
    [
        (1 * GIB, 131072, 1 << 15, 16384),
        (1 * GIB, 4096, 1 << 15, 4096),
        (6 * GIB, 131072, 1 << 18, 2048),
        (20 * GIB, 131072, 1 << 17, 2048),
        (1 * GIB, 512, 1 << 10, 512),
    ],
)
def test_conversation_memory_fits_the_computer(weights: int, limit: int, bytes_a_token: int, context: int) -> None:
    facts = ModelFacts(context_length=limit, weight_bytes=weights, cache_bytes={4096: 4096 * bytes_a_token})
    assert automatic_context(facts, MACHINE) == context


def test_facts_survive_json() -> None:
    facts = ModelFacts("llama", 5, "Q4_K_M", 4096, 7, "{{x}}", "mit", False, True, {2048: 5}, {"a": 1})
    assert ModelFacts.from_json(facts.to_json()) == facts
    with pytest.raises(ValueError, match="facts"):
        ModelFacts.from_json({"architecture": "llama"})


_WORDS = (
    "0.00.055.748 E llama_model_load: error loading model: tensor 'x' data is not within the file bounds\n"
    "0.00.060.998 E llama_model_load_from_file_impl: failed to load model\n"
)


@pytest.mark.parametrize(
    ("words", "detail"),
    [
        (_WORDS, "tensor 'x' data is not within the file bounds"),
        (
            "E llama_model_load: error loading model: unknown model architecture: 'x9'",
            "unknown model architecture: 'x9'",
        ),
        (
            "E gguf_init_from_file: failed to open GGUF file '/home/me/secret folder/x.gguf' (No such file)\n"
            "E llama_model_load: error loading model: llama_model_loader: failed to load model from x.gguf",
            "failed to open GGUF file 'x.gguf' (No such file)",
        ),
        ("/work/ggml.c:12: GGML_ASSERT(a == b) failed", "GGML_ASSERT(a == b) failed"),
        (r"E gguf_init_from_file: failed to open 'C:\Users\me\x.gguf'", "failed to open 'x.gguf'"),
        ("only this", "only this"),
        ("", ""),
    ],
)
def test_the_cause_is_found_and_folders_are_not_told(words: str, detail: str) -> None:
    assert cause(words) == detail


def test_endings_become_codes() -> None:
    assert load_error("m", _WORDS, 1, tight=False).code is Code.ENGINE_LOAD_FAILED
    assert load_error("m", "std::bad_alloc", -6, tight=False).code is Code.ENGINE_OUT_OF_MEMORY
    assert load_error("m", "", -9, tight=True).code is Code.ENGINE_OUT_OF_MEMORY
    assert crash_error("m", "", -9, tight=False).fields["detail"] == "SIGKILL"
    assert crash_error("m", "", 0xC0000005, tight=False).fields["detail"] == "exit status 0xc0000005"


def test_refused_requests_become_codes() -> None:
    too_long = {"type": "exceed_context_size_error", "n_prompt_tokens": 9, "n_ctx": 4, "message": "x"}
    assert answer_error("m", too_long).fields == {"prompt_tokens": 9, "context_length": 4}
    assert answer_error("m", {"message": "image input is not supported - hint"}).code is Code.ENGINE_NO_VISION
    unseeing = "Multimodal data provided, but model does not support multimodal requests."
    assert answer_error("m", unseeing).code is Code.ENGINE_NO_VISION
    assert answer_error("m", {"message": "Field 'seed': must be number"}).fields["option"] == "seed"
    assert answer_error("m", "whatever").code is Code.ENGINE_FAILED
