"""Fixtures around the strict test server, for all tests (tests/conftest.py)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from modelyard.engines.ollama.engine import OllamaEngine
from tests.builders.ollama_server import GENERATIONS, OllamaServer


@pytest.fixture(params=GENERATIONS)
def generation(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(tmp_path: Path, generation: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[OllamaServer]:
    """A server of each generation in turn, its folder in the usual place. An unexpected request fails the test."""
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "models"))
    with OllamaServer(tmp_path / "models", generation) as running:
        yield running
    blameless(running)


def blameless(server: OllamaServer) -> None:
    """Nothing unexpected was asked, and files were sent under names that tell nothing."""
    assert server.unexpected == []
    names = {name for body in server.bodies for name in body.get("files") or {}}
    assert all(re.fullmatch(r"(model|projector\d*)\.gguf", name) for name in names), names


@pytest.fixture
def new_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OllamaServer]:
    """A server of the newest generation, where the generation makes no difference."""
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "models"))
    with OllamaServer(tmp_path / "models", "0.40") as running:
        yield running
    blameless(running)


@pytest.fixture
def connect() -> Iterator[Callable[[OllamaServer], OllamaEngine]]:
    """Engines for servers, closed at the end."""
    with ExitStack() as stack:

        def engine_for(server: OllamaServer) -> OllamaEngine:
            engine = OllamaEngine(server.url)
            stack.callback(engine.close)
            return engine

        yield engine_for
