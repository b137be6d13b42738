"""Download sources and the ways to them: addresses, proxies, refusals."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from modelyard.errors import Code, ModelyardError
from modelyard.host.secrets import Secret
from modelyard.hub.answers import Subject, fault_of, retry_after
from modelyard.hub.endpoints import (
    HF_MIRROR,
    HUGGING_FACE,
    Endpoint,
    choose_endpoint,
    endpoint_at,
    environment_key_host,
    is_loopback,
)
from modelyard.hub.look import search
from modelyard.hub.network import Network
from modelyard.hub.session import Credentials, Session, redirect_target
from tests.builders.hub_server import Hub, running_hub


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as hub:
        hub.add("org/m", {})
        yield hub


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://huggingface.co/", "https://huggingface.co"),
        ("hf-mirror.com", "https://hf-mirror.com"),
        (" https://hub.example/path/ ", "https://hub.example/path"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("localhost:8080", "http://localhost:8080"),
        ("http://192.168.1.2", "http://192.168.1.2"),
        ("http://nas.local", "http://nas.local"),
    ],
)
def test_addresses(address: str, url: str) -> None:
    assert endpoint_at(address).url == url


@pytest.mark.parametrize(
    "address",
    ["", "http://hub.example", "ftp://x", "https://", "https://a b", "https://u:p@x.org", "https://x?y", "x:y:z"],
)
def test_unusable_addresses(address: str) -> None:
    with pytest.raises(ModelyardError) as caught:
        endpoint_at(address)
    assert caught.value.code is Code.HUB_ENDPOINT_INVALID


def test_the_source_of_the_settings() -> None:
    assert choose_endpoint("huggingface", "", {}) == HUGGING_FACE
    assert choose_endpoint("hf-mirror", "", {"HF_ENDPOINT": "https://x.org"}) == HF_MIRROR
    assert choose_endpoint("huggingface", "", {"HF_ENDPOINT": "https://x.org/"}) == Endpoint("https://x.org")
    assert choose_endpoint("huggingface", "", {"HF_ENDPOINT": "https://hf-mirror.com"}) == HF_MIRROR
    assert choose_endpoint("custom", "https://y.org", {}) == Endpoint("https://y.org")
    assert HF_MIRROR.page("a/b") == "https://huggingface.co/a/b"


def test_whose_key_the_environment_holds() -> None:
    assert environment_key_host({}) == "huggingface.co"
    assert environment_key_host({"HF_ENDPOINT": "https://hf-mirror.com"}) == "huggingface.co"
    assert environment_key_host({"HF_ENDPOINT": "https://hub.example:8443"}) == "hub.example:8443"
    assert (HF_MIRROR.key_host, HF_MIRROR.host) == ("huggingface.co", "hf-mirror.com")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "[::1]", "a.localhost"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)
    assert Network(proxy="http://proxy.example:1").proxy_for(f"http://{host}:1/x") is None


def test_the_system_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert Network().proxy_for("https://huggingface.co/x") == "http://proxy.example:3128"
    assert Network().proxy_for("https://inside.example/x") is None
    assert Network(proxy="none").proxy_for("https://huggingface.co/x") is None
    assert Network(proxy="socks5://1.2.3.4:1080").proxy_for("https://huggingface.co") == "socks5://1.2.3.4:1080"


def test_a_proxy_is_used_for_the_world_and_never_for_this_computer(hub: Hub) -> None:
    with Session(Endpoint("http://hub.example"), network=Network(proxy=hub.url)) as session:
        assert search(session, "org/m") == ["org/m"]
    assert hub.seen[-1].path.startswith("http://hub.example/api/models")
    with Session(endpoint_at(hub.url), network=Network(proxy="http://127.0.0.1:9")) as session:
        assert search(session, "org/m")


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "nonsense://x:1", "http://:::"])
def test_a_proxy_that_does_not_work_is_named(proxy: str) -> None:
    network = Network(proxy=proxy, connect_seconds=1)
    with Session(Endpoint("http://hub.example"), network=network) as session, pytest.raises(ModelyardError) as caught:
        search(session, "x")
    assert caught.value.code in (Code.HUB_PROXY, Code.HUB_UNREACHABLE)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "999999"}, 3600),
        ({"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"RateLimit": '"resolvers";r=0;t=42'}, 42),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(httpx.Response(429, headers=headers)) == seconds


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, Code.HUB_ANSWER_INVALID),
        (403, Code.HUB_FORBIDDEN),
        (418, Code.HUB_ANSWER_INVALID),
        (451, Code.HUB_FORBIDDEN),
        (502, Code.HUB_SERVER_ERROR),
        (404, Code.HUB_REPO_MISSING_NO_KEY),
    ],
)
def test_other_refusals(status: int, code: Code) -> None:
    assert fault_of(httpx.Response(status), Subject(HUGGING_FACE, "org/m")).code is code


def test_a_session_does_not_show_its_key() -> None:
    with Session(HUGGING_FACE, Credentials(Secret("hf_aBcDeFgHiJ0123456789"))) as session:
        assert "aBcDeF" not in repr(session)
        assert session.headers_for("https://huggingface.co/x")["Authorization"].endswith("0123456789")
        for elsewhere in (
            "https://cdn.example/x",
            "http://huggingface.co/x",
            "https://huggingface.co:8443/x",
            "https://hf.co/",
        ):
            assert not session.headers_for(elsewhere)


def test_redirects_do_not_lead_down() -> None:
    with pytest.raises(ModelyardError):
        redirect_target(httpx.Response(302, headers={"Location": "http://x.org/"}), "https://huggingface.co/a", "h")
    with pytest.raises(ModelyardError):
        redirect_target(httpx.Response(302, headers={"Location": "file:///etc/passwd"}), "http://127.0.0.1/a", "h")
    moved = redirect_target(httpx.Response(302, headers={"Location": "/b?c"}), "https://huggingface.co/a", "h")
    assert moved == "https://huggingface.co/b?c"
