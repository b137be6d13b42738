"""The dummy twin keeps the contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.engines.base import ChatMessage
from modelyard.engines.dummy import DummyEngine, echo
from tests.builders.gguf_files import tiny_llama
from tests.contract.engine_contract import EngineContract


def _talk(messages: tuple[ChatMessage, ...]) -> Iterator[str]:
    yield from echo(messages)
    yield from (f"word{number} " for number in range(500))


class TestDummyEngine(EngineContract):
    @pytest.fixture
    def engine(self) -> DummyEngine:
        return DummyEngine(_talk)

    @pytest.fixture
    def gguf(self, tmp_path: Path) -> Path:
        return tiny_llama(chat_template="{{ messages[0].content }}").write(tmp_path / "tiny.gguf")

    @pytest.fixture
    def embedding_gguf(self, tmp_path: Path) -> Path:
        return tiny_llama().u32("llama.pooling_type", 1).write(tmp_path / "vectors.gguf")
