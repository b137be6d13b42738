"""The self-check and the way to the Hub on the real house: a test Hub over HTTP, a strict Ollama, the environment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modelyard.bootstrap import House, build_house, make_tools
from modelyard.errors import Code, ModelyardError
from modelyard.events import CancelToken
from modelyard.host.secrets import AccessKeys, Place, SecretStore, SessionStore
from modelyard.hub.endpoints import endpoint_at
from modelyard.hub.network import Network
from modelyard.hub.releases import newer_release
from modelyard.importing.access import HubAccess
from modelyard.importing.checkup import Checkup, Finding, Part
from modelyard.ui.services import Tools
from tests.builders.hub_server import ALICE, Hub, running_hub
from tests.builders.ollama_server import OllamaServer

KEY = "hf_abcdefghijklmnopqrstuvwxyz"


class Broken(SessionStore):
    """A keyring that answers everything with one trouble, until it is mended."""

    def __init__(self, code: Code) -> None:
        super().__init__()
        self.trouble: Code | None = code

    def get(self, account: str):  # type: ignore[no-untyped-def]
        if self.trouble is not None:
            raise ModelyardError(self.trouble)
        return super().get(account)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with running_hub() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


@pytest.fixture
def house(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    made = build_house(tmp_path / "数据")
    yield made
    made.close()


def tools(house: House, keyring: SecretStore) -> Tools:
    house.__dict__["keys"] = AccessKeys(keyring)
    return make_tools(house)


def look(house: House, keyring: SecretStore | None = None) -> dict[Part, Finding]:
    checkup: Checkup = tools(house, keyring or SessionStore()).checkup
    return {each.part: each for each in checkup.look(CancelToken())}


def test_a_house_in_order(house: House, new_server: OllamaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", new_server.url)
    found = look(house)
    assert set(found) == set(Part)
    assert [part for part, each in found.items() if not each.well] == []


def test_ollama_not_running_is_no_fault(house: House) -> None:
    found = look(house)[Part.OLLAMA]
    assert found.error is None and found.note is not None
    assert found.note.code in ("ollama_not_here", "ollama_not_running")


def test_an_odd_ollama_host(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    odd_ones = ("localhost:abc", "ftp://x", "http://127.0.0.1:99999", "[::1]:x/path", "two words")
    good_ones = ("127.0.0.1:11434", "0.0.0.0", "http://studio.local/ollama", "[::1]:11434", "::1", ":11434")
    for text, odd in [(text, True) for text in odd_ones] + [(text, False) for text in good_ones]:
        monkeypatch.setenv("OLLAMA_HOST", text)
        assert (look(house)[Part.OLLAMA_ADDRESS].note is not None) is odd, text
    monkeypatch.setenv("OLLAMA_HOST", "localhost:abc")
    checkup = tools(house, SessionStore()).checkup
    checkup.repair([look(house)[Part.OLLAMA_ADDRESS]], CancelToken())
    assert house.settings.text("ollama_address") == "127.0.0.1:11434"
    assert look(house)[Part.OLLAMA_ADDRESS].well


@pytest.mark.parametrize(
    ("code", "error", "repairable"),
    [(Code.KEYRING_LOCKED, True, True), (Code.KEYRING_MISSING, False, False), (Code.KEYRING_UNSAFE, True, False)],
)
def test_keyrings(house: House, code: Code, error: bool, repairable: bool) -> None:
    keyring = Broken(code)
    found = look(house, keyring)[Part.KEYRING]
    assert (found.error is not None, found.repairable, found.well) == (error, repairable, False)
    keyring.trouble = None
    assert look(house, keyring)[Part.KEYRING].well


def test_disk_proxy_source_and_folders(house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelyard.importing.checkup.free_space", lambda _folder: 1_000_000)
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:3128")
    house.settings.set("download_source", "custom")
    house.settings.set("download_address", "http://127.0.0.1:9")
    house.settings.set("work_folder", str(house.folders.root / "not there"))
    found = look(house)
    disk, source, folders = (found[part].error for part in (Part.DISK, Part.SOURCE, Part.FOLDERS))
    assert disk is not None and disk.code is Code.DISK_FULL
    assert source is not None and source.code is Code.HUB_UNREACHABLE
    assert folders is not None and folders.code is Code.FOLDER_NOT_WRITABLE
    note = found[Part.PROXY].note
    assert note is not None and note.code == "proxy_swallows_loopback"


def test_the_access_key(house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    access: HubAccess = tools(house, SessionStore()).access
    assert access.key_state().place is None
    with pytest.raises(ModelyardError) as nothing:
        access.whose_key(CancelToken())
    assert nothing.value.code is Code.HUB_NO_KEY
    assert access.keep_key(f"  {ALICE}\n", session_only=False).place is Place.KEYRING
    account = access.whose_key(CancelToken())
    assert account.name and account.rights
    assert access.forget_key().place is None
    assert access.keep_key(ALICE, session_only=True).place is Place.SESSION
    access.forget_key()
    with pytest.raises(ModelyardError) as wrong:
        access.keep_key("two words", session_only=True)
    assert wrong.value.code is Code.SECRET_INVALID
    access.keep_key(KEY, session_only=True)
    with pytest.raises(ModelyardError) as refused:
        access.whose_key(CancelToken())
    assert refused.value.code is Code.HUB_KEY_INVALID


def test_hf_token_stays_with_its_server(house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """With HF_ENDPOINT set it belongs there; a source chosen in the settings never gets it."""
    monkeypatch.setenv("HF_TOKEN", ALICE)
    access = tools(house, SessionStore()).access
    assert access.key_state().place is Place.ENVIRONMENT
    with running_hub() as other:
        house.settings.set("download_source", "custom")
        house.settings.set("download_address", other.url)
        house.settings.set("mirror_gets_token", True)
        assert access.key_state().place is None
        with house.hub() as session:
            assert session.credentials.key is None
        access.test_source()
        assert other.seen and not any(each.key for each in other.seen)


def test_the_source_is_measured(house: House, hub: Hub) -> None:
    report = tools(house, SessionStore()).access.test_source()
    assert report.host in hub.url and report.answer_seconds >= 0
    assert not any(each.key for each in hub.seen)


def test_try_ollama(house: House, new_server: OllamaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    ask: Callable[[str], str] = tools(house, SessionStore()).try_ollama
    assert ask(new_server.url) == "0.40.2"
    monkeypatch.setenv("OLLAMA_HOST", new_server.url)
    assert ask("") == "0.40.2"
    with pytest.raises(ModelyardError) as wrong:
        ask("ftp://somewhere")
    assert wrong.value.code is Code.OLLAMA_ADDRESS_INVALID


@pytest.mark.parametrize(
    ("tag", "running", "newer"),
    [("v0.10.0", "0.9.9", "0.10.0"), ("0.9.9", "0.9.9", ""), ("v0.9.8", "0.10.0", ""), ("v1.0.0", "odd", "")],
)
def test_newer_release(tag: str, running: str, newer: str) -> None:
    assert release_of(f'{{"tag_name": "{tag}"}}', running) == newer


@pytest.mark.parametrize("body", ['{"tag_name": "v1.0.0-evil"}', '{"tag_name": 5}', "[]", "{}"])
def test_a_release_page_that_says_nothing(body: str) -> None:
    with pytest.raises(ModelyardError) as found:
        release_of(body, "0.1.0")
    assert found.value.code is Code.HUB_ANSWER_INVALID


def release_of(body: str, running: str) -> str:
    """What a server with that answer makes of it."""
    import http.server
    import threading

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = body.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        try:
            return newer_release(running, Network("none"), endpoint_at(f"http://127.0.0.1:{server.server_port}"))
        finally:
            thread.join()
