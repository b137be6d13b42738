"""An installed model goes to a Hub over real HTTP: from the built-in engine and from Ollama, named, complete, checked
first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from modelyard.engines.base import Engine, InstallRequest, Ownership
from modelyard.engines.builtin.engine import BuiltinEngine
from modelyard.engines.ollama.engine import OllamaEngine
from modelyard.errors import Code, ModelyardError
from modelyard.events import CancelToken, Event
from modelyard.formats.split import read_set
from modelyard.host.folders import Folders
from modelyard.host.machine import Machine
from modelyard.host.secrets import Secret
from modelyard.hub.endpoints import endpoint_at
from modelyard.hub.network import Network
from modelyard.hub.session import Credentials, Session
from modelyard.importing.describe import describe
from modelyard.importing.publishing import PublishRequest, publish_model, publisher, weight_files
from modelyard.importing.surroundings import Surroundings
from modelyard.modelfile.persona import Persona
from tests.builders.gguf_files import tiny_llama
from tests.builders.hub_server import ALICE, READER, Hub, running_hub
from tests.builders.ollama_gguf import CHATML
from tests.builders.ollama_server import OllamaServer


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as hub:
        yield hub


def session_for(hub: Hub, key: str) -> Session:
    endpoint = endpoint_at(hub.url)
    return Session(endpoint, Credentials(Secret(key) if key else None, endpoint.host), Network(read_seconds=20.0))


@pytest.fixture
def engines(
    tmp_path: Path, new_server: OllamaServer, connect: Callable[[OllamaServer], OllamaEngine]
) -> Iterator[Mapping[str, Engine]]:
    builtin, ollama = BuiltinEngine(tmp_path / "models", describe=describe), connect(new_server)
    gguf = tiny_llama(chat_template=CHATML).write(tmp_path / "tiny.gguf")
    persona = Persona(system="You are Mario.", parameters={"temperature": 0.7})
    for engine in (builtin, ollama):
        request = InstallRequest("mario", gguf, Ownership.THEIRS, persona, "Super Mario")
        engine.install(request, lambda _event: None, CancelToken())
    yield {"builtin": builtin, "ollama": ollama}
    builtin.close()


def surroundings(tmp_path: Path, engines: Mapping[str, Engine], hub: Hub, key: str = ALICE) -> Surroundings:
    folders = Folders(tmp_path / "data")
    folders.make()
    return Surroundings(Machine("Linux", 8 << 30, 4 << 30, 2), folders, engines, lambda: session_for(hub, key))


@pytest.mark.parametrize("engine", ["builtin", "ollama"])
def test_what_is_shown_is_what_goes_up(tmp_path: Path, engines: Mapping[str, Engine], hub: Hub, engine: str) -> None:
    shown = weight_files(engines[engine].show("mario"))
    request = PublishRequest(engine, "mario", "alice/mario", private=True)
    seen: list[Event] = []
    published = publish_model(request, surroundings(tmp_path, engines, hub), seen.append, CancelToken())
    repository = hub.repos["alice/mario"]
    assert repository.private and published.url == f"{hub.url}/alice/mario"
    (weights,) = shown
    assert repository.files[weights.name].size == weights.size_bytes == weights.path.stat().st_size
    assert weights.name.endswith("-F32.gguf" if engine == "builtin" else ".gguf") and "mario" in weights.name
    assert b"You are Mario." in repository.files["Modelfile"].data
    assert {"README.md", "Modelfile", "system", "params"} <= set(repository.files)
    assert f"./{weights.name}".encode() in repository.files["Modelfile"].data


def test_what_is_too_large_for_one_file_goes_up_in_parts(
    tmp_path: Path, engines: Mapping[str, Engine], hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelyard.importing.publishing.LARGEST_FILE", 20_000)
    request, around = PublishRequest("builtin", "mario", "alice/mario"), surroundings(tmp_path, engines, hub)
    published = publish_model(request, around, lambda _event: None, CancelToken())
    files = hub.repos["alice/mario"].files
    parts = sorted(name for name in files if name.endswith(".gguf"))
    assert len(parts) > 2 and parts == sorted(name for name in published.files if name.endswith(".gguf"))
    assert parts[0].endswith(f"-00001-of-{len(parts):05}.gguf")
    assert f"./{parts[0]}".encode() in files["Modelfile"].data
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    for name in parts:
        held = hub.objects[files[name].sha256]
        assert isinstance(held, bytes)
        (fetched / name).write_bytes(held)
    whole, paths = read_set(fetched / parts[0])
    original, _ = read_set(weight_files(engines["builtin"].show("mario"))[0].path)
    assert len(paths) == len(parts)
    assert [each.name for each in whole.header.tensors] == [each.name for each in original.header.tensors]
    sent = len(hub.requests("PUT "))
    publish_model(request, around, lambda _event: None, CancelToken())
    assert len(hub.requests("PUT ")) == sent, "what is there already is left out"
    assert not list(around.work_folder.iterdir())


def test_a_key_that_only_reads_is_recognised_first(tmp_path: Path, engines: Mapping[str, Engine], hub: Hub) -> None:
    around = surroundings(tmp_path, engines, hub, READER)
    with pytest.raises(ModelyardError) as found:
        publish_model(PublishRequest("builtin", "mario", "bob/x"), around, lambda _event: None, CancelToken())
    assert found.value.code is Code.HUB_KEY_READ_ONLY
    assert not hub.requests("POST ")
    with pytest.raises(ModelyardError) as found:
        publisher(around.hub, CancelToken())
    assert found.value.code is Code.HUB_KEY_READ_ONLY and str(found.value.fields["url"]).endswith("/settings/tokens")


def test_whose_key_it_is(hub: Hub) -> None:
    assert "alice" in publisher(lambda: session_for(hub, ALICE), CancelToken()).can_write
    with pytest.raises(ModelyardError) as found:
        publisher(lambda: session_for(hub, ""), CancelToken())
    assert found.value.code is Code.HUB_NO_KEY
