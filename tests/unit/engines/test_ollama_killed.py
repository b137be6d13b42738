"""The program is killed in the middle of an install: what is left is whole or nothing, and a second try succeeds."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from modelyard.engines.base import InstallRequest, Ownership
from modelyard.engines.ollama.engine import OllamaEngine
from modelyard.events import CancelToken
from tests.builders.ollama_gguf import write_gguf
from tests.builders.ollama_server import OllamaServer

_PROGRAM = """
import sys
from pathlib import Path
from modelyard.engines.base import InstallRequest, Ownership
from modelyard.engines.ollama.engine import OllamaEngine
from modelyard.events import CancelToken
engine = OllamaEngine(sys.argv[1])
print("ready", flush=True)
request = InstallRequest("mine", Path(sys.argv[2]), Ownership(sys.argv[3]))
engine.install(request, lambda event: None, CancelToken())
"""


@pytest.mark.parametrize("seed", range(3))
def test_killed_in_the_middle(
    server: OllamaServer, connect: Callable[[OllamaServer], OllamaEngine], tmp_path: Path, seed: int
) -> None:
    chance = random.Random(f"{seed} {server.generation}")
    path = write_gguf(tmp_path / "work.gguf", padding=48 << 20)
    ownership = chance.choice([Ownership.OURS, Ownership.THEIRS])
    command = [sys.executable, "-c", _PROGRAM, server.url, str(path), ownership.value]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0.0, 0.6))
        child.kill()
    engine = connect(server)
    for model in engine.models():
        assert engine.show(model.name).metadata["general.architecture"] == "llama"
    engine.install(InstallRequest("mine", path, ownership, replace=True), lambda event: None, CancelToken())
    assert [model.name for model in engine.models()] == ["mine:latest"]
    assert path.stat().st_size > 48 << 20
