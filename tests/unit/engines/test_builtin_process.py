"""The engine's process: crashes, damaged files, no memory, a parent that dies, thinking, a full conversation memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from modelyard.engines.base import ChatMessage, ChatRequest, InstallRequest, Ownership
from modelyard.engines.builtin.engine import BuiltinEngine
from modelyard.errors import Code, ModelyardError
from modelyard.events import CancelToken
from modelyard.importing.describe import describe
from modelyard.modelfile.persona import Persona
from tests.builders.gguf_files import tiny_llama

CHATML = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
# As Qwen3 writes it, with the thinking opened by the template.
THINKING = (
    "{%- for message in messages %}{%- if message.role == 'user' or message.role == 'system' %}"
    "{{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}"
    "{%- elif message.role == 'assistant' %}{{- '<|im_start|>' + message.role + '\n' }}"
    "{%- if message.reasoning_content %}{{- '<think>\n' + message.reasoning_content + '\n</think>\n\n' }}{%- endif %}"
    "{{- message.content + '<|im_end|>\n' }}{%- endif %}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\n\n</think>\n\n' }}"
    "{%- else %}{{- '<think>\n' }}{%- endif %}{%- endif %}"
)
LONG = {"num_predict": 2000, "temperature": 0.0}
SHORT = {"num_predict": 5, "temperature": 0.0}

Start = Callable[..., BuiltinEngine]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Makes an engine with a tiny model "m"."""
    made: list[BuiltinEngine] = []

    def start(chat_template: str = CHATML, persona: Persona | None = None, **options: object) -> BuiltinEngine:
        engine = BuiltinEngine(tmp_path / "models", describe=describe, **options)  # type: ignore[arg-type]
        made.append(engine)
        gguf = tiny_llama(chat_template=chat_template).write(tmp_path / "tiny.gguf")
        request = InstallRequest("m", gguf, Ownership.OURS, persona or Persona(), replace=True)
        engine.install(request, lambda event: None, CancelToken())
        return engine

    yield start
    for engine in made:
        engine.close()


def question(text: str = "Hello", options: dict[str, object] | None = None, **more: object) -> ChatRequest:
    return ChatRequest("m", (ChatMessage("user", text),), options or SHORT, **more)  # type: ignore[arg-type]


def answer(engine: BuiltinEngine, request: ChatRequest) -> tuple[str, str]:
    chunks = list(engine.chat(request, CancelToken()))
    return "".join(chunk.text for chunk in chunks), "".join(chunk.thinking for chunk in chunks)


def children() -> list[psutil.Process]:
    """Ours that live: tests before these may have left some that ended and were not asked for their status."""
    return [each for each in psutil.Process().children() if each.status() != psutil.STATUS_ZOMBIE]


def engine_pid(engine: BuiltinEngine) -> int:
    [child] = children()
    assert engine.running()
    return int(child.pid)


def test_killed_in_the_middle_of_an_answer(start: Start) -> None:
    engine = start()
    stream = engine.chat(question(options=LONG), CancelToken())
    next(stream)
    os.kill(engine_pid(engine), signal.SIGKILL)
    with pytest.raises(ModelyardError) as caught:
        list(stream)
    assert caught.value.code is Code.ENGINE_CRASHED
    assert answer(engine, question())[0]


def test_killed_between_two_questions(start: Start) -> None:
    engine = start()
    answer(engine, question())
    os.kill(engine_pid(engine), signal.SIGKILL)
    assert answer(engine, question())[0]


def test_a_damaged_file_is_an_error_in_the_chat(start: Start, tmp_path: Path) -> None:
    engine = start()
    copy = engine.copy("m", "damaged").location
    assert copy is not None
    data = copy.read_bytes()
    copy.unlink()
    copy.write_bytes(data[: len(data) // 2])
    with pytest.raises(ModelyardError) as caught:
        answer(engine, ChatRequest("damaged", (ChatMessage("user", "x"),)))
    assert caught.value.code is Code.ENGINE_LOAD_FAILED
    assert "bounds" in str(caught.value.fields["detail"])
    assert str(tmp_path) not in str(caught.value.fields)
    assert {model.name for model in engine.models()} == {"m", "damaged"}
    assert answer(engine, question())[0]


@pytest.mark.skipif(sys.platform != "linux", reason="limits a process's memory the Linux way")
def test_too_little_memory_has_its_own_code(start: Start) -> None:
    script = (
        "import resource, xllamacpp\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (40 << 20),) * 2)\n"
        "from modelyard.engines.builtin.child import main\nmain()\n"
    )
    engine = start(command=[sys.executable, "-c", script])
    with pytest.raises(ModelyardError) as caught:
        answer(engine, question())
    assert caught.value.code is Code.ENGINE_OUT_OF_MEMORY


def test_an_engine_that_cannot_be_started(start: Start) -> None:
    engine = start(command=["/nowhere/at/all"])
    with pytest.raises(ModelyardError) as caught:
        answer(engine, question())
    assert caught.value.code is Code.ENGINE_FAILED


def test_an_engine_that_says_nothing_useful(start: Start) -> None:
    engine = start(command=[sys.executable, "-c", "print('hello'); raise SystemExit(3)"])
    with pytest.raises(ModelyardError) as caught:
        answer(engine, question())
    assert caught.value.code is Code.ENGINE_LOAD_FAILED


def test_loading_can_be_cancelled(start: Start) -> None:
    engine = start(command=[sys.executable, "-c", "import time; time.sleep(60)"])
    cancel = CancelToken()
    threading.Timer(0.2, cancel.cancel).start()
    [chunk] = engine.chat(question(), cancel)
    assert chunk.stats is not None
    assert chunk.stats.reason == "cancelled"
    assert children() == []


def test_a_cancelled_answer_that_does_not_end_is_replaced(start: Start) -> None:
    stuck = (
        "import json, sys, time\n"
        "for line in sys.stdin:\n"
        "    record = json.loads(line)\n"
        "    answer = {'loaded': True} if record['do'] == 'load' else {'id': record.get('id'), 'text': 'x'}\n"
        "    if record['do'] != 'stop': print(json.dumps(answer), flush=True)\n"
    )
    engine = start(command=[sys.executable, "-c", stuck])
    pids = set()
    for _ in range(2):
        stream = engine.chat(question(), CancelToken())
        assert next(stream).text == "x"
        pids.add(engine_pid(engine))
        stream.close()  # type: ignore[attr-defined]
    assert len(pids) == 2


def test_the_engine_does_not_outlive_the_program(start: Start, tmp_path: Path) -> None:
    start()
    script = (
        "import sys, time, psutil\n"
        "from pathlib import Path\n"
        "from modelyard.engines.base import ChatMessage, ChatRequest\n"
        "from modelyard.engines.builtin.engine import BuiltinEngine\n"
        "from modelyard.events import CancelToken\n"
        "from modelyard.importing.describe import describe\n"
        "engine = BuiltinEngine(Path(sys.argv[1]), describe=describe)\n"
        "stream = engine.chat(ChatRequest('m', (ChatMessage('user', 'x'),), {'num_predict': 5}), CancelToken())\n"
        "next(stream)\n"
        "print(psutil.Process().children()[0].pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "models")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    gone, _ = psutil.wait_procs([child], timeout=10)
    assert gone or child.status() == psutil.STATUS_ZOMBIE


def test_a_model_nobody_asks_is_unloaded(start: Start) -> None:
    engine = start(idle_seconds=0.2)
    answer(engine, question())
    deadline = time.monotonic() + 10
    while children() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert children() == []
    assert engine.running() == []
    assert answer(engine, question())[0]


def test_another_model_takes_the_place(start: Start) -> None:
    engine = start()
    engine.copy("m", "n")
    answer(engine, question())
    answer(engine, ChatRequest("n", (ChatMessage("user", "x"),), SHORT))
    assert [model.name for model in engine.running()] == ["n"]
    assert len(children()) == 1


def test_unloading_ends_an_answer_as_cancelled(start: Start) -> None:
    engine = start()
    stream = engine.chat(question(options=LONG), CancelToken())
    next(stream)
    engine.unload("m")
    last = list(stream)[-1]
    assert last.stats is not None
    assert last.stats.reason == "cancelled"
    assert engine.running() == []


def test_closing_does_not_wait_for_a_reader_that_sleeps(start: Start) -> None:
    engine = start()
    stream = engine.chat(question(options=LONG), CancelToken())
    next(stream)
    engine.close()
    assert children() == []
    assert list(stream)[-1].stats is not None


def test_thinking_stands_apart(start: Start) -> None:
    engine = start(THINKING)
    assert "thinking" in engine.show("m").model.capabilities
    options = {"num_predict": 12, "temperature": 0.0}
    text, thinking = answer(engine, question(options=options))
    assert thinking
    assert not text
    text, thinking = answer(engine, question(options=options, think=False))
    assert text
    assert not thinking


def test_a_base_model_continues_the_text(start: Start) -> None:
    engine = start("")
    assert engine.show("m").chat_template == ""
    assert answer(engine, question("Once upon a time"))[0]


def test_a_picture_for_a_text_model(start: Start) -> None:
    engine = start()
    request = ChatRequest("m", (ChatMessage("user", "What is it?", images=(b"\x89PNG\r\n\x1a\n",)),))
    with pytest.raises(ModelyardError) as caught:
        answer(engine, request)
    assert caught.value.code is Code.ENGINE_NO_VISION


def test_old_messages_are_forgotten_when_the_memory_is_full(start: Start) -> None:
    engine = start()
    messages = [ChatMessage("system", "Be kind.")]
    for number in range(20):
        messages += [ChatMessage("user", f"Question {number}"), ChatMessage("assistant", f"Answer {number}")]
    messages.append(ChatMessage("user", "The last one"))
    chunks = list(engine.chat(ChatRequest("m", tuple(messages), SHORT), CancelToken()))
    stats = chunks[-1].stats
    assert stats is not None
    assert stats.context_length == 256
    assert 20 < stats.forgotten < len(messages) - 1
    assert stats.forgotten % 2 == 0


def test_a_single_question_that_is_too_long(start: Start) -> None:
    engine = start()
    with pytest.raises(ModelyardError) as caught:
        answer(engine, question("x" * 400))
    assert caught.value.code is Code.ENGINE_PROMPT_TOO_LONG
    assert caught.value.fields["context_length"] == 256
    assert answer(engine, question())[0]


def test_the_context_is_the_personas(start: Start) -> None:
    engine = start(persona=Persona(parameters={"num_ctx": 128}))
    answer(engine, question())
    assert engine.running()[0].context_length == 128
    answer(engine, question(options={"num_ctx": 64, **SHORT}))
    assert engine.running()[0].context_length == 64


def test_nobody_else_can_use_the_engines_port(start: Start) -> None:
    import httpx

    engine = start()
    answer(engine, question())
    ports = [
        each.laddr.port for each in psutil.Process(engine_pid(engine)).net_connections() if each.status == "LISTEN"
    ]
    for port in ports:
        url = f"http://127.0.0.1:{port}/v1/chat/completions"
        assert httpx.post(url, json={"messages": []}, trust_env=False).status_code == 401
