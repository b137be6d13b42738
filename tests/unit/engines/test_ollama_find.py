"""Finding and starting Ollama on three systems, and what is said before an import."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from modelyard.engines.base import EngineState
from modelyard.engines.ollama import start as starting
from modelyard.engines.ollama.client import Connection
from modelyard.engines.ollama.engine import OllamaEngine
from modelyard.engines.ollama.find import Installation, Place, find_ollama
from modelyard.engines.ollama.host_address import parse_host
from modelyard.engines.ollama.needs import architecture_need
from modelyard.engines.ollama.start import start, start_command, try_address
from modelyard.engines.ollama.store import Store
from modelyard.engines.ollama.version import Version, space_needed
from modelyard.errors import Cancelled, Code, ModelyardError
from modelyard.events import CancelToken
from tests.builders.ollama_server import OllamaServer

Connect = Callable[[OllamaServer], OllamaEngine]


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


# --- where it is -----------------------------------------------------------------------------------------------------


def test_windows_by_registry_by_folder_or_by_path(tmp_path: Path) -> None:
    app = touch(tmp_path / "Programs" / "Ollama" / "ollama app.exe")
    program = touch(app.parent / "ollama.exe")
    by_folder = Place("win32", {"LOCALAPPDATA": str(tmp_path)}, lambda name: None)
    by_registry = Place("win32", {}, lambda name: None, registered=lambda: str(app.parent))
    by_path = Place("win32", {}, lambda name: str(program))
    for place in (by_folder, by_registry, by_path):
        assert find_ollama(place) == Installation(program, app)
    assert not find_ollama(Place("win32", {"LOCALAPPDATA": str(tmp_path / "none")}, lambda name: None)).found


def test_macos_by_bundle_or_by_command(tmp_path: Path) -> None:
    nothing = Place("darwin", {"HOME": str(tmp_path)}, lambda name: None, tmp_path)
    assert not find_ollama(nothing).found
    command = touch(tmp_path / "opt/homebrew/bin/ollama")
    assert find_ollama(nothing) == Installation(command, None)
    inside = touch(tmp_path / "Applications/Ollama.app/Contents/Resources/ollama")
    assert find_ollama(nothing) == Installation(inside, inside.parents[2])


def test_linux_on_the_path_or_in_the_usual_folders(tmp_path: Path) -> None:
    nothing = Place("linux", {}, lambda name: None, tmp_path)
    assert not find_ollama(nothing).found
    program = touch(tmp_path / "usr/local/bin/ollama")
    assert find_ollama(nothing) == Installation(program, None)
    assert find_ollama(Place("linux", {}, lambda name: "/x/ollama", tmp_path)).program == Path("/x/ollama")


def test_start_commands() -> None:
    program, app = Path("/p/ollama"), Path("/p/app")
    assert start_command(Installation(program, None), "linux", own_port=False) == (str(program), "serve")
    assert start_command(Installation(program, app), "win32", own_port=False) == (str(app), "--hide", "--fast-startup")
    assert start_command(Installation(program, app), "win32", own_port=True) == (str(program), "serve")
    assert start_command(Installation(program, app), "darwin", own_port=False)[:3] == ("open", "-j", "-a")
    with pytest.raises(ModelyardError) as caught:
        start_command(Installation(None, None), "linux", own_port=False)
    assert caught.value.code is Code.OLLAMA_MISSING
    assert str(caught.value.fields["url"]).startswith("https://ollama.com/")


# --- starting --------------------------------------------------------------------------------------------------------


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!{sys.executable}\n{text}", encoding="utf-8")
    path.chmod(0o755)
    return path


def running(program: Path) -> list[psutil.Process]:
    return [each for each in psutil.Process().children() if str(program) in each.cmdline()]


SILENT = "import time; time.sleep(60)"
SERVE = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"version": "0.34.1"}'
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
assert sys.argv[1:] == ["serve"]
host, port = os.environ["OLLAMA_HOST"].rsplit(":", 1)
server = http.server.HTTPServer((host, int(port)), Handler)
server.timeout = 5
server.handle_request()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs an executable script")
def test_it_is_started_and_awaited(tmp_path: Path) -> None:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    connection = Connection(parse_host(f"127.0.0.1:{port}"))
    program = script(tmp_path / "ollama", SERVE)
    assert start(Installation(program, None), connection, CancelToken()).text == "0.34.1"
    connection.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs an executable script")
def test_a_server_that_ends_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It belongs to the person, who may end it long before us."""
    connection = Connection(parse_host("127.0.0.1:1"))
    program = script(tmp_path / "ollama", SILENT)
    monkeypatch.setattr(starting, "WAIT_SECONDS", 0.1)
    with pytest.raises(ModelyardError):
        start(Installation(program, None), connection, CancelToken())
    [server] = running(program)
    server.kill()
    deadline = time.monotonic() + 20
    while psutil.pid_exists(server.pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not psutil.pid_exists(server.pid), "a zombie"
    connection.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs an executable script")
def test_it_listens_where_it_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings name the usual address, the environment another: the server must take the former."""
    asked: dict[str, str] = {}

    def no_start(_command: object, **more: object) -> None:
        asked.update(more["extra"] or os.environ)  # type: ignore[call-overload]
        raise OSError("not today")

    monkeypatch.setattr(starting, "start_process", no_start)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:5")
    program = Installation(tmp_path / "ollama", None)
    for address in ("127.0.0.1:11434", "127.0.0.1:5", "[::1]:7"):
        connection = Connection(parse_host(address))
        with pytest.raises(ModelyardError):
            start(program, connection, CancelToken())
        assert asked["OLLAMA_HOST"] == address
        connection.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs an executable script")
def test_a_start_that_fails_is_told(tmp_path: Path) -> None:
    connection = Connection(parse_host("127.0.0.1:1"))
    program = script(tmp_path / "ollama", "raise SystemExit(3)")
    with pytest.raises(ModelyardError) as caught:
        start(Installation(program, None), connection, CancelToken())
    assert caught.value.code is Code.OLLAMA_START_FAILED
    with pytest.raises(ModelyardError) as caught:
        start(Installation(tmp_path / "gone", None), connection, CancelToken())
    assert caught.value.code is Code.OLLAMA_START_FAILED
    connection.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs an executable script")
def test_waiting_has_a_way_out_and_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Connection(parse_host("127.0.0.1:1"))
    program = script(tmp_path / "ollama", SILENT)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        start(Installation(program, None), connection, cancel)
    monkeypatch.setattr(starting, "WAIT_SECONDS", 0.3)
    with pytest.raises(ModelyardError) as caught:
        start(Installation(program, None), connection, CancelToken())
    assert caught.value.code is Code.OLLAMA_START_FAILED
    servers = running(program)
    assert len(servers) == 2, "nothing is ended here"
    for server in servers:
        server.kill()
    connection.close()


def test_a_running_server_is_left_alone(new_server: OllamaServer, connect: Connect) -> None:
    assert connect(new_server).start(CancelToken()).state is EngineState.READY


def test_testing_an_address(new_server: OllamaServer) -> None:
    assert try_address(new_server.url.removeprefix("http://")).known
    for text, code in (("127.0.0.1:1", Code.OLLAMA_STOPPED), ("a b", Code.OLLAMA_ADDRESS_INVALID)):
        with pytest.raises(ModelyardError) as caught:
            try_address(text)
        assert caught.value.code is code


# --- before an import ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "known", "keeps", "linked"),
    [
        ("0.33.0", True, False, False),
        ("0.34.0", True, False, False),
        ("0.34.1-pr14969", True, True, False),
        ("v0.40.2", True, True, True),
        ("1.0", True, True, True),
        ("0.0.0", False, False, False),
        ("?", False, False, False),
    ],
)
def test_versions(text: str, known: bool, keeps: bool, linked: bool) -> None:
    version = Version(text)
    assert (version.known, version.keeps_gguf, version.linked_manifests) == (known, keeps, linked)


def test_versions_are_compared_by_number() -> None:
    assert Version("0.9.0") < Version("0.10.0") < Version("0.10.1-rc2")


def test_space_at_the_peak() -> None:
    old, new = Version("0.33.0"), Version("0.34.1")
    assert (space_needed(old, 100, linked=False), space_needed(new, 100, linked=False)) == (300, 100)
    assert (space_needed(old, 100, linked=True), space_needed(new, 100, linked=True)) == (200, 0)


def test_an_architecture_that_is_too_new() -> None:
    need = architecture_need("qwen35moe", Version("0.20.6"))
    assert need is not None
    assert need.first == "0.30.0"
    assert architecture_need("qwen35moe", Version("0.34.1")) is None
    assert architecture_need("qwen35moe", Version("0.0.0")) is None
    assert architecture_need("unheard", Version("0.1.0")) is None


def test_readiness(server: OllamaServer, connect: Connect) -> None:
    engine = connect(server)
    digest, _ = server.store.put(b"GGUF")
    server.store.write("Taken", [{"mediaType": "application/vnd.ollama.image.model", "digest": digest, "size": 4}], {})
    ready = engine.readiness("taken", 1000, "qwen3")
    assert (ready.taken, ready.too_old, ready.fits) == ("Taken:latest", None, True)
    assert ready.need_bytes == (3000 if server.generation == "0.33" else 1000)
    assert ready.drive == server.models
    assert engine.readiness("free", 1 << 60).fits is False
    old = ["ollama_rewrites"] if server.generation == "0.33" else []
    assert [code for code, _ in ready.warnings()] == old
    (server.models / "manifests-v2").mkdir(exist_ok=True)
    erased = [] if server.generation == "0.40" else ["ollama_older_would_erase"]
    assert [code for code, _ in engine.readiness("", 1).warnings()] == old + erased
    assert engine.store() == Store(server.models)
