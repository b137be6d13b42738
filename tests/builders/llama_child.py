"""Loads models in llama.cpp and uses each once: `python llama_child.py FILE…`. One JSON line a file, before and after.

A process of its own: llama.cpp ends the process it runs in where a file breaks one of its rules. Servers are left open
and the process ends hard, which is quicker than closing them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PROMPT = "hello"
TOKENS = 4
_SECONDS = 120


def use(paths: Iterable[Path], *, vectors: Iterable[Path] = ()) -> dict[Path, str]:
    """What became of each file: "4" tokens, the length of its vector for those in `vectors`, or an error. A file the
    child died of is told as "died", and the others go on in another child."""
    waiting, asked = list(paths), {str(path) for path in vectors}
    found: dict[Path, str] = {}
    while waiting:
        command = [sys.executable, str(Path(__file__)), *(f"{int(str(path) in asked)}{path}" for path in waiting)]
        environment = {**os.environ, "GGML_NO_BACKTRACE": "1"}
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False, env=environment)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
        told = {Path(path): str(result) for path, result in lines}
        found |= told
        waiting = [path for path in waiting if path not in told]
        if waiting:
            found[waiting.pop(0)] = f"died: {done.stderr[-600:]}"
    return found


def _result(path: str, vector: bool) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.n_parallel, params.warmup = path, 64, 1, False
    params.embedding = vector
    server = xllamacpp.Server(params)
    _OPEN.append(server)
    if vector:
        answer = server.handle_embeddings({"input": PROMPT, "model": "any"})
        return len(answer["data"][0]["embedding"])
    body = {"prompt": PROMPT, "n_predict": TOKENS, "temperature": 0, "ignore_eos": True}
    return server.handle_completions(body)["usage"]["completion_tokens"]


_OPEN: list[Any] = []

if __name__ == "__main__":
    for argument in sys.argv[1:]:
        try:
            outcome = _result(argument[1:], argument[0] == "1")
        except Exception as error:  # whatever it is, it is told
            outcome = f"{type(error).__name__}: {error}"
        print(json.dumps([argument[1:], outcome]), flush=True)
    os._exit(0)
