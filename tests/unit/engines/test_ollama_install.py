"""Putting a GGUF into Ollama: linked or uploaded, whole or not at all, on every generation."""

from __future__ import annotations

import hashlib
import random
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from modelyard.engines.base import ChatFormat, InstallRequest, Ownership
from modelyard.engines.ollama import install
from modelyard.engines.ollama.engine import OllamaEngine
from modelyard.engines.ollama.store import BLOB_NAME
from modelyard.errors import Cancelled, Code, ModelyardError
from modelyard.events import CancelToken, Event, Kind
from modelyard.modelfile.persona import ExampleMessage, Persona
from tests.builders.ollama_gguf import CHATML, write_gguf
from tests.builders.ollama_server import OllamaServer

Connect = Callable[[OllamaServer], OllamaEngine]


def quiet(_: Event) -> None:
    pass


def ask(path: Path, ownership: Ownership = Ownership.THEIRS, **more: object) -> InstallRequest:
    return InstallRequest(**{"name": "mine", "gguf": path, "ownership": ownership, **more})  # type: ignore[arg-type]


def blobs(server: OllamaServer) -> set[str]:
    """What lies there once the server has noticed that nobody sends any more."""
    deadline = time.monotonic() + 20.0
    while time.monotonic() < deadline:
        names = {path.name for path in server.store.blobs.iterdir()}
        if all(BLOB_NAME.fullmatch(name) for name in names):
            return names
        time.sleep(0.01)
    raise AssertionError(f"work files stay: {names}")


def large_blobs(server: OllamaServer, over: int = 1 << 20) -> set[str]:
    """Whole models that lie there, without the copies that 0.33 itself makes and forgets: no call removes those."""
    paths = [server.store.blobs / name for name in blobs(server)]
    return {path.name for path in paths if path.stat().st_size > over and not path.read_bytes().endswith(b"COPY")}


def test_a_persons_file_is_uploaded_and_stays(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "private name.gguf", padding=3 << 20)
    persona = Persona(
        system="Be brief.",
        parameters={"temperature": 0.5, "min_p": 0.1, "stop": ("A:",)},
        messages=(ExampleMessage("user", "hi"), ExampleMessage("assistant", "hello")),
        licenses=("MIT", "Apache\n2"),
    )
    events: list[Event] = []
    model = connect(server).install(ask(path, persona=persona), events.append, CancelToken())
    assert model.name == "mine:latest"
    assert path.stat().st_nlink == 1
    assert "POST /api/blobs" in server.calls
    details = connect(server).show("mine")
    assert details.persona == persona
    assert "private" not in str(server.bodies)
    done = [event.fields["done"] for event in events if event.kind is Kind.PROGRESS]
    assert done == sorted(done)
    assert done[-1] == events[-1].fields["total"]
    used = {digest.replace(":", "-") for model in server.store.models() for digest in server.store.digests(model)}
    assert blobs(server) <= used


def test_our_work_file_is_linked(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "work.gguf", padding=1 << 20)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    connect(server).install(ask(path, Ownership.OURS, sha256=digest), quiet, CancelToken())
    assert "POST /api/blobs" not in server.calls
    kept = server.generation != "0.33"
    assert path.stat().st_nlink == (2 if kept else 1)  # 0.33 keeps its rewritten copy, not our file
    path.unlink()
    assert connect(server).show("mine").metadata["general.architecture"] == "llama"


@pytest.mark.parametrize("ownership", [Ownership.THEIRS, Ownership.THEIRS_LINK])
def test_a_persons_file_is_linked_only_when_told(
    new_server: OllamaServer, connect: Connect, tmp_path: Path, ownership: Ownership
) -> None:
    path = write_gguf(tmp_path / "theirs.gguf")
    before = path.stat().st_mtime_ns
    connect(new_server).install(ask(path, ownership), quiet, CancelToken())
    assert path.stat().st_nlink == (2 if ownership is Ownership.THEIRS_LINK else 1)
    if ownership is Ownership.THEIRS:
        assert path.stat().st_mtime_ns == before


def test_a_persons_file_is_cloned_where_the_file_system_can(
    server: OllamaServer, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stand_in(source: Path, target: Path) -> bool:  # this machine's file system may not be able to
        shutil.copyfile(source, target)
        return True

    monkeypatch.setattr("modelyard.engines.ollama.blobs.clone", stand_in)
    path = write_gguf(tmp_path / "theirs.gguf")
    connect(server).install(ask(path), quiet, CancelToken())
    assert "POST /api/blobs" not in server.calls
    assert path.stat().st_nlink == 1
    assert not any(name.startswith("COPY-modelyard") for name in blobs(server))


def test_a_store_of_another_user_gets_an_upload(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    server.foreign_owner = True
    path = write_gguf(tmp_path / "work.gguf")
    connect(server).install(ask(path, Ownership.OURS), quiet, CancelToken())
    assert "POST /api/blobs" in server.calls
    assert path.stat().st_nlink == 1
    assert [model.name for model in connect(server).models()] == ["mine:latest"]


def test_a_folder_that_is_not_the_servers_gets_no_link(
    new_server: OllamaServer, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    (other / "blobs").mkdir(parents=True)
    monkeypatch.setenv("OLLAMA_MODELS", f'"{other}"')
    path = write_gguf(tmp_path / "work.gguf")
    connect(new_server).install(ask(path, Ownership.OURS), quiet, CancelToken())
    assert list((other / "blobs").iterdir()) == []
    assert path.stat().st_nlink == 1


def test_a_blob_that_is_there_is_not_sent_again(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf")
    server.store.put(path.read_bytes())
    connect(server).install(ask(path), quiet, CancelToken())
    assert "POST /api/blobs" not in server.calls


def test_model_and_projector_together(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf")
    projector = write_gguf(tmp_path / "mmproj.gguf", general__type="mmproj", general__architecture="clip")
    model = connect(server).install(ask(path, projector=projector), quiet, CancelToken())
    assert "vision" in model.capabilities
    sent = next(body["files"] for body in server.bodies if "files" in body)
    assert set(sent) == {"model.gguf", "projector.gguf"}


def test_a_taken_name_is_refused_in_any_case(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf")
    engine = connect(server)
    engine.install(ask(path), quiet, CancelToken())
    with pytest.raises(ModelyardError) as caught:
        engine.install(ask(path, name="MINE:latest"), quiet, CancelToken())
    assert caught.value.code is Code.ENGINE_NAME_TAKEN
    other = write_gguf(tmp_path / "b.gguf", padding=100)
    engine.install(ask(other, name="MINE", replace=True), quiet, CancelToken())
    assert [model.name for model in engine.models()] == ["mine:latest"]


@pytest.mark.parametrize("name", ["my model", "", "mine:cloud", "mine:8b-Cloud"])
def test_an_impossible_name(new_server: OllamaServer, connect: Connect, tmp_path: Path, name: str) -> None:
    path = write_gguf(tmp_path / "a.gguf")
    with pytest.raises(ModelyardError) as caught:
        connect(new_server).install(ask(path, name=name), quiet, CancelToken())
    assert caught.value.code is Code.ENGINE_NAME_INVALID


def test_a_missing_file(new_server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    with pytest.raises(ModelyardError) as caught:
        connect(new_server).install(ask(tmp_path / "gone.gguf"), quiet, CancelToken())
    assert caught.value.code is Code.FILE_MISSING


def test_a_broken_file_is_refused_and_leaves_nothing(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf")
    path.write_bytes(path.read_bytes()[:-32])
    with pytest.raises(ModelyardError) as caught:
        connect(server).install(ask(path), quiet, CancelToken())
    assert caught.value.code is Code.OLLAMA_FILE_REFUSED
    assert blobs(server) == set()


def test_an_architecture_that_0_33_refuses(tmp_path: Path, connect: Connect) -> None:
    with OllamaServer(tmp_path / "models", "0.33") as server:
        path = write_gguf(tmp_path / "a.gguf", general__architecture="newarch9")
        with pytest.raises(ModelyardError) as caught:
            connect(server).install(ask(path), quiet, CancelToken())
        assert caught.value.code is Code.OLLAMA_FILE_REFUSED


def test_a_bad_template_is_told(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf")
    with pytest.raises(ModelyardError) as caught:
        connect(server).install(ask(path, persona=Persona(template="{{ .Prompt")), quiet, CancelToken())
    assert caught.value.code is Code.OLLAMA_TEMPLATE_INVALID
    assert large_blobs(server, over=0) == set()


def test_a_full_disk(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    server.disk_full = True
    path = write_gguf(tmp_path / "a.gguf", padding=4 << 20)
    engine = connect(server)
    with pytest.raises(ModelyardError) as caught:
        engine.install(ask(path), quiet, CancelToken())
    assert caught.value.code is Code.DISK_FULL
    server.disk_full = False
    engine.install(ask(path), quiet, CancelToken())
    assert len(engine.models()) == 1


def test_too_little_room_is_known_before(
    server: OllamaServer, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelyard.engines.ollama.install.free_space", lambda folder: 1 << 20)
    monkeypatch.setenv("OLLAMA_MODELS", str(server.models))
    path = write_gguf(tmp_path / "a.gguf", padding=4 << 20)
    with pytest.raises(ModelyardError) as caught:
        connect(server).install(ask(path), quiet, CancelToken())
    assert caught.value.code is Code.DISK_FULL
    assert caught.value.fields["need_bytes"] > (12 if server.generation == "0.33" else 4) << 20
    assert "POST /api/blobs" not in server.calls


def test_own_format_is_recognised_and_gets_its_stops(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf", chat_template=CHATML)
    chat_format = ChatFormat("llama", CHATML, "<s>", "</s>", ("</s>", "<|im_end|>"))
    engine = connect(server)
    engine.install(ask(path, chat_format=chat_format, persona=Persona(system="S")), quiet, CancelToken())
    stored = server.store.find("mine")
    assert stored is not None
    stops = {"stop": ["</s>", "<|im_end|>"]}  # not Ollama's own, which has an opening token
    assert server.store.data(stored, "params") == stops
    assert engine.show("mine").persona == Persona(system="S"), "what it needs to answer right is nobody's choice"
    assert not engine.check_rendering("mine", chat_format).differs


# --- cut at any point ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_cut_at_a_random_point(server: OllamaServer, connect: Connect, tmp_path: Path, seed: int) -> None:
    """The connection breaks or the person stops, at 20 points of an install of each generation."""
    chance = random.Random(seed)
    size = 6 << 20
    path = write_gguf(tmp_path / "work.gguf", chat_template=CHATML, padding=size)
    ownership = chance.choice([Ownership.OURS, Ownership.THEIRS])
    cancel = CancelToken()
    calls = len(server.calls)
    kind = seed % 4
    if kind == 0:
        server.cut_upload_after = chance.randrange(size)
        ownership = Ownership.THEIRS
    elif kind == 1:
        server.cut_create_after = chance.randrange(0, 6)
    limit = chance.randrange(size * 2)

    def stop_sometime(event: Event) -> None:
        if kind >= 2 and event.fields["done"] >= limit:
            cancel.cancel()

    engine = connect(server)
    try:
        engine.install(ask(path, ownership), stop_sometime, cancel)
        ended = True
    except (Cancelled, ModelyardError):
        ended = False
    assert len(server.calls) > calls
    there = server.store.find("mine")
    if ended:
        assert there is not None
    if there is None:
        assert large_blobs(server) == set()
    else:
        assert engine.show("mine").metadata["general.architecture"] == "llama"
        assert all(server.store.blob(layer["digest"]).exists() for layer in there.layers)
    assert path.exists()
    engine.install(ask(path, ownership, replace=True), quiet, CancelToken())
    assert [model.name for model in engine.models()] == ["mine:latest"]


def test_a_long_rewriting_is_not_stuck_at_the_end(
    server: OllamaServer, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "_LONG_TO_REWRITE", 1000)
    events: list[Event] = []
    connect(server).install(ask(write_gguf(tmp_path / "a.gguf", padding=1 << 20)), events.append, CancelToken())
    told = [(event.fields["done"], event.fields["total"]) for event in events]
    assert ((0, 0) in told) is (server.generation == "0.33")
    assert told[-1][0] == told[-1][1] > 0


@pytest.mark.parametrize("hangs", [False, True])
def test_cancelled_while_the_model_is_made(
    new_server: OllamaServer, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    """The server makes it without us: it is awaited, for a while, and taken away again."""
    monkeypatch.setattr(install, "_SETTLE_SECONDS", 0.3 if hangs else 20.0)
    path = write_gguf(tmp_path / "a.gguf", padding=1 << 20)
    cancel = CancelToken()
    new_server.go_on.clear()

    def stop() -> None:
        while "POST /api/create" not in new_server.calls:
            time.sleep(0.01)
        cancel.cancel()
        time.sleep(0.8 if hangs else 0.0)
        new_server.go_on.set()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(Cancelled):
        connect(new_server).install(ask(path), quiet, cancel)
    stopper.join()
    assert new_server.store.find("mine") is None
    assert large_blobs(new_server) == set()


def test_a_cancelled_upload_ends_at_once(new_server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf", padding=64 << 20)
    cancel = CancelToken()

    def stop(event: Event) -> None:
        if event.fields["done"] > 70 << 20:
            cancel.cancel()

    with pytest.raises(Cancelled):
        connect(new_server).install(ask(path), stop, cancel)
    assert blobs(new_server) == set()


def test_a_file_that_changes_under_us(new_server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf", padding=1 << 20)
    wrong = hashlib.sha256(b"before").hexdigest()
    with pytest.raises(ModelyardError) as caught:
        connect(new_server).install(ask(path, sha256=wrong), quiet, CancelToken())
    assert caught.value.code is Code.FILE_CHANGED


def test_a_linked_file_keeps_its_mode(new_server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf")
    path.chmod(0o640)
    connect(new_server).install(ask(path, Ownership.OURS), quiet, CancelToken())
    assert path.stat().st_mode & 0o777 == 0o640
