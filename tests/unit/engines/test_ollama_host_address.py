"""OLLAMA_HOST as Ollama reads it, and addresses people type."""

from __future__ import annotations

import json

import pytest

from modelyard.engines.ollama.host_address import own_address, parse_host, typed_address
from modelyard.errors import Code, ModelyardError
from tests.shared import shared


def test_every_recorded_host() -> None:
    cases = json.loads(shared("conformance/modelfile_cases.json").read_text(encoding="utf-8"))["ollama_host_cases"]
    assert len(cases) == 30
    for case in cases:
        address = parse_host(case["OLLAMA_HOST"])
        assert (address.url, address.connect) == (case["url"], case["connect"]), case


def test_a_port_alone_means_this_machine() -> None:
    address = parse_host(":1234")
    assert address.base_url == "http://127.0.0.1:1234"
    assert address.is_local


@pytest.mark.parametrize(
    ("text", "local"),
    [("localhost", True), ("0.0.0.0:1", True), ("[::1]:5", True), ("192.168.1.7", False), ("example.com", False)],
)
def test_what_is_this_machine(text: str, local: bool) -> None:
    assert parse_host(text).is_local is local


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("127.0.0.1", True),
        ("192.168.1.7", True),
        ("10.0.0.5:80", True),
        ("100.101.102.103", True),
        ("[fd12::1]:5", True),
        ("[fe80::1%eth0]", True),
        ("fileserver", True),
        ("box.local:11434", True),
        ("8.8.8.8", False),
        ("[2001:4860:4860::8888]", False),
        ("https://ollama.example.com", False),
    ],
)
def test_what_no_proxy_stands_before(text: str, near: bool) -> None:
    assert parse_host(text).is_near is near


def test_the_environment_names_the_server() -> None:
    assert own_address({"OLLAMA_HOST": '"10.0.0.5:9"'}).url == "http://10.0.0.5:9"
    assert own_address({}).url == "http://127.0.0.1:11434"


@pytest.mark.parametrize("text", ["ftp://host", "my server", "http://a b", "x:y:z"])
def test_a_typed_address_that_cannot_be(text: str) -> None:
    with pytest.raises(ModelyardError) as caught:
        typed_address(text)
    assert caught.value.code is Code.OLLAMA_ADDRESS_INVALID


def test_a_typed_address_loses_its_outer_space() -> None:
    assert typed_address(" http://h\n").host == "h"
