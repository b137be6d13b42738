"""Managing models in Ollama: lists, details, other personas, names, removal, the library."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from modelyard.engines.base import ChatMessage, ChatRequest, EngineState, InstallRequest, Ownership
from modelyard.engines.ollama.client import Connection
from modelyard.engines.ollama.engine import OllamaEngine
from modelyard.engines.ollama.host_address import parse_host
from modelyard.engines.ollama.listing import parameter_count, unix_seconds
from modelyard.engines.ollama.start import try_address
from modelyard.errors import Cancelled, Code, ModelyardError
from modelyard.events import CancelToken, Event, Kind
from modelyard.modelfile.persona import ExampleMessage, Persona
from tests.builders.ollama_gguf import CHATML, write_gguf
from tests.builders.ollama_server import OllamaServer

Connect = Callable[[OllamaServer], OllamaEngine]
FULL = Persona(
    system='Be "kind".\nAlways.',
    parameters={"temperature": 0.5, "num_ctx": 1048576, "seed": 42, "stop": ("A:", '"B"\n'), "use_mmap": True},
    messages=(ExampleMessage("user", "hi"), ExampleMessage("assistant", 'line1\nline "2"')),
    template="{{ .System }}\n{{ .Prompt }}",
    licenses=("MIT", "Apache\n2"),
)


def put(engine: OllamaEngine, folder: Path, name: str = "m", persona: Persona | None = None, padding: int = 0) -> None:
    path = write_gguf(folder / f"{name.replace('/', '-').replace(':', '-')}.gguf", padding=padding)
    request = InstallRequest(name, path, Ownership.THEIRS, persona or Persona())
    engine.install(request, lambda event: None, CancelToken())


def failure(call: Callable[[], object]) -> Code:
    with pytest.raises(ModelyardError) as caught:
        call()
    return caught.value.code


def test_status_of_a_running_server(server: OllamaServer, connect: Connect) -> None:
    status = connect(server).status()
    assert (status.engine, status.state, status.address) == ("ollama", EngineState.READY, server.url)
    assert status.version.startswith(server.generation)


def test_status_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    engine = OllamaEngine("127.0.0.1:1")
    assert engine.status().state in (EngineState.MISSING, EngineState.STOPPED)
    assert failure(engine.models) is Code.OLLAMA_STOPPED
    engine.close()
    engine.close()


def test_the_list_keeps_what_the_official_client_drops(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path, "user/Thing:v2")
    (model,) = engine.models()
    assert (model.name, model.architecture, model.size_label) == ("user/Thing:v2", "llama", "F16")
    assert (model.context_length, model.parameters, model.capabilities) == (512, 78_000, ("completion",))
    assert model.size_bytes > 0
    assert model.modified > 1_700_000_000
    assert not model.remote


def test_remote_models_are_marked(new_server: OllamaServer, connect: Connect) -> None:
    new_server.store.write("far", [], {"remote_host": "https://ollama.com", "remote_model": "gpt-oss:20b"})
    assert [model.remote for model in connect(new_server).models()] == [True]


def test_details_hold_the_whole_persona(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path, persona=FULL)
    details = engine.show("M")
    assert details.persona == FULL
    assert details.licence == "MIT\nApache\n2"
    assert details.metadata["general.architecture"] == "llama"
    assert details.model.location is not None
    assert details.files == (details.model.location,)
    assert details.model.location.read_bytes()[:4] == b"GGUF"
    assert failure(lambda: engine.show("nope")) is Code.ENGINE_MODEL_MISSING


def test_an_update_inherits_nothing(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path, persona=FULL)
    before = engine.show("m").model.location
    wanted = Persona(system="Short.", parameters={"top_k": 7})
    model = engine.update("m", wanted, lambda event: None, CancelToken())
    assert model.name == "m:latest"
    assert engine.show("m").persona == wanted
    assert engine.show("m").model.location == before
    engine.update("m", Persona(), lambda event: None, CancelToken())
    assert engine.show("m").persona == Persona()


def test_an_update_keeps_what_stays(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path, persona=FULL)
    wanted = Persona("", "Other.", {**FULL.parameters, "top_k": 9}, FULL.messages, FULL.template, FULL.licenses)
    engine.update("m", wanted, lambda event: None, CancelToken())
    assert engine.show("m").persona == wanted


def test_what_ollama_adds_by_itself_is_nobodys_choice(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    path = write_gguf(tmp_path / "m.gguf", chat_template=CHATML)
    engine.install(InstallRequest("m", path, Ownership.THEIRS), lambda event: None, CancelToken())
    stored = server.store.find("m")
    assert stored is not None
    assert server.store.data(stored, "params") == {"stop": ["<|im_start|>", "<|im_end|>"]}
    assert engine.show("m").persona.parameters == {}
    engine.update("m", Persona(parameters={"top_k": 3}), lambda event: None, CancelToken())
    assert engine.show("m").persona.parameters == {"top_k": 3}


def test_an_update_keeps_renderer_and_projector(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    path, projector = write_gguf(tmp_path / "v.gguf"), write_gguf(tmp_path / "p.gguf", general__type="mmproj")
    request = InstallRequest("v", path, Ownership.THEIRS, Persona(system="RENDERER x"), projector=projector)
    engine.install(request, lambda event: None, CancelToken())
    model = server.store.find("v")
    assert model is not None
    server.store.write("v", model.layers, model.config | {"renderer": "qwen3.5", "parser": "qwen3"})
    engine.update("v", Persona(), lambda event: None, CancelToken())
    updated = server.store.find("v")
    assert updated is not None
    assert len(updated.of("projector")) == 1
    assert (updated.config["renderer"], updated.config["parser"]) == ("qwen3.5", "qwen3")


def test_a_personas_renderer_and_version_are_said(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    wanted = Persona(system="S", renderer="qwen3.5", parser="qwen3", requires="0.14.0")
    put(engine, tmp_path, persona=wanted)
    said = next(body for body in server.bodies if "files" in body)
    assert {key: said[key] for key in ("renderer", "parser", "requires")} == {
        "renderer": "qwen3.5",
        "parser": "qwen3",
        "requires": "0.14.0",
    }
    engine.update("m", Persona(renderer="glm-4.7"), lambda event: None, CancelToken())
    stored = server.store.find("m")
    assert stored is not None
    kept = {key: stored.config.get(key) for key in ("renderer", "parser", "requires")}
    assert kept == {"renderer": "glm-4.7", "parser": "qwen3", "requires": "0.14.0"}


def test_declared_abilities_outlive_a_persona(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    """They stand nowhere but in what `from` inherits, and a persona is taken off by building from the files."""
    engine = connect(server)
    put(engine, tmp_path, persona=Persona(system="S"))
    model = server.store.find("m")
    assert model is not None
    server.store.write("m", model.layers, model.config | {"capabilities": ["tools", "decision"]})
    engine.update("m", Persona(), lambda event: None, CancelToken())
    details = engine.show("m")
    assert details.persona == Persona()
    assert details.model.capabilities == ("completion", "tools", "decision")


def test_a_model_with_an_adapter_can_only_inherit(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path, persona=Persona(system="S"))
    model = server.store.find("m")
    assert model is not None
    digest, _ = server.store.put(b"GGUF adapter")
    layer = {"mediaType": "application/vnd.ollama.image.adapter", "digest": digest, "size": 12}
    server.store.write("m", [*model.layers, layer], model.config)
    assert failure(lambda: engine.update("m", Persona(), lambda event: None, CancelToken())) is Code.OLLAMA_CANNOT_CLEAR
    engine.update("m", Persona(system="T"), lambda event: None, CancelToken())
    assert engine.show("m").persona.system == "T"


def test_copy_and_rename(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path)
    assert engine.copy("m", "user/two").name == "user/two:latest"
    assert failure(lambda: engine.copy("m", "USER/Two")) is Code.ENGINE_NAME_TAKEN
    assert failure(lambda: engine.copy("nope", "x")) is Code.ENGINE_MODEL_MISSING
    assert failure(lambda: engine.copy("m", "bad name")) is Code.ENGINE_NAME_INVALID
    assert engine.rename("m", "three").name == "three:latest"
    assert {model.name for model in engine.models()} == {"user/two:latest", "three:latest"}


def test_helpers_of_a_crash_are_not_shown_and_go_on_request(
    new_server: OllamaServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_server.store.write("modelyard-helper-trying:1-2", [], {})
    new_server.store.write("mine", [], {})
    engine = connect(new_server)
    assert [model.name for model in engine.models()] == ["mine:latest"]
    engine.remove_leftovers([])
    assert len(new_server.store.models()) == 2
    monkeypatch.setattr("modelyard.engines.ollama.engine._OLD_SECONDS", -60.0)
    engine.remove_leftovers([])
    assert [model.name.short for model in new_server.store.models()] == ["mine:latest"]


def test_removal_frees_what_nobody_shares(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    put(engine, tmp_path, padding=1 << 20)
    engine.copy("m", "two")
    assert engine.remove("m") < 10_000
    assert engine.remove("TWO") > 1 << 20
    assert failure(lambda: engine.remove("m")) is Code.ENGINE_MODEL_MISSING
    assert [path for path in server.store.blobs.iterdir() if path.stat().st_size > 1 << 20] == []


def test_removal_where_the_store_cannot_be_read(
    server: OllamaServer, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = connect(server)
    put(engine, tmp_path, padding=1 << 20)
    engine.copy("m", "two")
    monkeypatch.setattr(OllamaEngine, "store", lambda self: None)
    assert engine.remove("m") == 0
    assert engine.remove("two") > 1 << 20


def test_pull_from_the_library(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    server.library["tiny:1b"] = write_gguf(tmp_path / "tiny.gguf", padding=4096)
    events: list[Event] = []
    model = connect(server).pull("tiny:1b", events.append, CancelToken())
    assert model.name == "tiny:1b"
    assert all(event.kind is Kind.PROGRESS for event in events)
    assert events[-1].fields["done"] <= events[-1].fields["total"]
    engine = connect(server)
    assert failure(lambda: engine.pull("nope", events.append, CancelToken())) is Code.OLLAMA_PULL_FAILED
    assert failure(lambda: engine.pull("bad name", events.append, CancelToken())) is Code.ENGINE_NAME_INVALID


@pytest.mark.parametrize(
    "words",
    ["digest mismatch, file must be downloaded again: want sha256:00, got sha256:11", "EOF", "max retries exceeded"],
)
def test_a_broken_download_is_told_as_one(
    new_server: OllamaServer, connect: Connect, tmp_path: Path, words: str
) -> None:
    new_server.library["tiny"] = write_gguf(tmp_path / "tiny.gguf", padding=4096)
    new_server.pull_error = words
    engine = connect(new_server)
    assert failure(lambda: engine.pull("tiny", lambda event: None, CancelToken())) is Code.OLLAMA_PULL_FAILED


def test_a_pull_can_be_stopped(new_server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    new_server.library["tiny"] = write_gguf(tmp_path / "tiny.gguf", padding=4096)
    new_server.word_seconds = 0.1
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        connect(new_server).pull("tiny", lambda event: cancel.cancel(), cancel)


@pytest.fixture
def stranger() -> Iterator[Callable[[bytes], str]]:
    """Addresses of web servers that give one answer to everything."""
    with ExitStack() as stack:

        def serve(body: bytes) -> str:
            class Page(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(body)

                do_POST = do_GET

                def log_message(self, *_: object) -> None:
                    pass

            web = stack.enter_context(HTTPServer(("127.0.0.1", 0), Page))
            thread = threading.Thread(target=web.serve_forever, args=(0.02,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(web.shutdown)
            return f"127.0.0.1:{web.server_address[1]}"

        yield serve


@pytest.mark.parametrize("status", [302, 401, 403, 404, 407, 500, 502, 503])
def test_a_proxy_answers_at_the_address(status: int) -> None:
    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Proxy) as web:
        thread = threading.Thread(target=web.serve_forever, args=(0.02,))
        thread.start()
        address = f"127.0.0.1:{web.server_address[1]}"
        assert failure(lambda: try_address(address)) is Code.OLLAMA_NOT_OLLAMA
        assert OllamaEngine(address).status().state is EngineState.UNREACHABLE
        web.shutdown()
        thread.join()


def test_something_else_answers_at_the_address(stranger: Callable[[bytes], str]) -> None:
    engine = OllamaEngine(stranger(b"<html>hello</html>"))
    assert engine.status().state is EngineState.UNREACHABLE
    assert engine.status().detail == Code.OLLAMA_NOT_OLLAMA.value
    assert failure(engine.models) is Code.OLLAMA_NOT_OLLAMA
    engine.close()


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"3", b"null", b'{"models": 3}', b'{"models": [3, {}, {"name": 5, "details": []}]}', b"\xff\xfe{"],
)
def test_odd_answers_end_in_an_error_or_in_nothing(stranger: Callable[[bytes], str], body: bytes) -> None:
    engine = OllamaEngine(stranger(body))
    question = ChatRequest("m", (ChatMessage("user", "hi"),))
    for call in (
        engine.models,
        engine.running,
        lambda: engine.show("m"),
        lambda: list(engine.chat(question, CancelToken())),
        lambda: engine.pull("m", lambda event: None, CancelToken()),
        lambda: engine.unload("m"),
    ):
        with contextlib.suppress(ModelyardError):
            call()
    assert engine.status().state is EngineState.UNREACHABLE
    engine.close()


def test_an_odd_ollama_host_does_not_break_the_official_client(
    new_server: OllamaServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    import subprocess
    import sys

    code = (
        "from modelyard.engines.ollama.engine import OllamaEngine\n"
        "import sys, os\n"
        "assert 'ollama' not in sys.modules and 'httpx' not in sys.modules\n"
        f"engine = OllamaEngine({new_server.url!r})\n"
        "assert engine.models() == [] and 'ollama' not in sys.modules\n"
        "assert engine.running() == []\n"
        "assert os.environ['OLLAMA_HOST'] == '::1'\n"
        "engine.close()\n"
    )
    monkeypatch.setenv("OLLAMA_HOST", "::1")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_no_proxy_stands_before_this_machine(
    new_server: OllamaServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    engine = connect(new_server)
    assert engine.models() == []
    assert engine.running() == []


def test_the_key_for_ollama_com_stays_here(
    new_server: OllamaServer, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", "secret-key")
    engine = connect(new_server)
    engine.running()
    assert new_server.authorizations == [None]
    there = Connection(parse_host("ollama.com"))
    for url, key in (
        ("https://ollama.com/api/tags", "Bearer secret-key"),
        ("http://ollama.com/api/tags", None),
        ("https://elsewhere.example/api/tags", None),
    ):
        request = httpx.Request("GET", url, headers={"Authorization": "Bearer secret-key"})
        there._prepare(request)
        assert request.headers.get("authorization") == key
    there.close()


def test_small_readings() -> None:
    texts = ("134.52M", "78K", "7B", "", "x")
    assert [parameter_count(text) for text in texts] == [134_520_000, 78_000, 7 * 10**9, None, None]
    assert unix_seconds("2026-11-22T08:31:20.115274302Z") == pytest.approx(1795336280.115274)
    assert unix_seconds("2026-11-22T10:31:20+02:00") == unix_seconds("2026-11-22T08:31:20Z")
    assert unix_seconds("yesterday") == 0.0
