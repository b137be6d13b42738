"""Checkpoints llama.cpp's own converter fails on: ours convert, and llama.cpp loads and answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from modelyard.convert.plan import gguf_content
from modelyard.events import CancelToken
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.quantize.writer import write_gguf
from tests.builders.hf_folder_models import write_falcon, write_gpt2, write_stablelm

ANSWER = """
import json, sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.n_parallel, params.warmup = sys.argv[1], 64, 1, False
server = xllamacpp.Server(params)
result = server.handle_completions({"prompt": "Hello", "n_predict": 4, "temperature": 0})
print(json.dumps(result["usage"]))
"""


@pytest.mark.parametrize("build", [write_stablelm, write_gpt2, write_falcon])
def test_loads_and_answers(build: Callable[[Path], Path], tmp_path: Path) -> None:
    table = open_checkpoint(build(tmp_path / "model"))
    content = gguf_content(table)
    result = tmp_path / "model.gguf"
    reader = table.reader()
    try:
        write_gguf(content, "f16", reader, result, listener=lambda event: None, cancel=CancelToken())
    finally:
        reader.close()
    done = subprocess.run([sys.executable, "-c", ANSWER, str(result)], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1])["completion_tokens"] > 0
