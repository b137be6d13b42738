"""The built-in engine keeps the contract, with a real child process and a real (tiny, random) model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.engines.builtin.engine import BuiltinEngine
from modelyard.importing.describe import describe
from tests.builders.gguf_files import tiny_llama
from tests.contract.engine_contract import EngineContract

CHATML = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


class TestBuiltinEngine(EngineContract):
    @pytest.fixture
    def engine(self, tmp_path: Path) -> Iterator[BuiltinEngine]:
        engine = BuiltinEngine(tmp_path / "模型 models", describe=describe)
        yield engine
        engine.close()

    @pytest.fixture
    def gguf(self, tmp_path: Path) -> Path:
        return tiny_llama(chat_template=CHATML).write(tmp_path / "tiny.gguf")

    @pytest.fixture
    def embedding_gguf(self, tmp_path: Path) -> Path:
        return tiny_llama().u32("llama.pooling_type", 1).write(tmp_path / "vectors.gguf")
