"""Ollama keeps the contract on every generation of its server (the strict test server, over real HTTP)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modelyard.engines.ollama.engine import OllamaEngine
from tests.builders.gguf_files import tiny_llama
from tests.builders.ollama_gguf import CHATML
from tests.builders.ollama_server import VERSIONS, OllamaServer
from tests.contract.engine_contract import EngineContract


class TestOllamaEngine(EngineContract):
    @pytest.fixture
    def engine(self, server: OllamaServer, connect: Callable[[OllamaServer], OllamaEngine]) -> OllamaEngine:
        server.word_seconds = 0.002
        server.endless = True
        return connect(server)

    @pytest.fixture
    def gguf(self, tmp_path: Path) -> Path:
        return tiny_llama(chat_template=CHATML).write(tmp_path / "tiny.gguf")

    @pytest.fixture
    def embedding_gguf(self, tmp_path: Path) -> Path:
        return tiny_llama().u32("llama.pooling_type", 1).write(tmp_path / "vectors.gguf")


class TestRecordedVersions(TestOllamaEngine):
    """Servers that call themselves what the recorded ones did; the old one says no version at all."""

    @pytest.fixture
    def engine(self, server: OllamaServer, connect: Callable[[OllamaServer], OllamaEngine]) -> OllamaEngine:
        server.version = VERSIONS[server.generation]
        server.word_seconds = 0.002
        server.endless = True
        return connect(server)

    @pytest.fixture(params=["0.33", "0.40"])
    def generation(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)
