"""Log-probabilities as llama.cpp sees them: `python llama_logits.py FILE '[[1, 2], …]'`, one JSON line a prompt."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LETTER = 65  # said instead of the likeliest token: for half a letter of UTF-8 nothing would be told


def log_probabilities(path: Path, prompts: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Of every token after each prompt, shape (prompts, vocabulary). Everything is computed in float32 at least, but
    for GELU, which ggml looks up in a table of float16."""
    command = [sys.executable, str(Path(__file__)), str(path), json.dumps([list(each) for each in prompts])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[[")]
    found = np.full((len(rows), max(token for token, _ in rows[0]) + 1), np.nan)
    for number, row in enumerate(rows):
        for token, value in row:
            found[number, token] = value
    return found


def _main(path: str, prompts: list[list[int]]) -> None:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.n_parallel, params.warmup = path, 64, 1, False
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    server = xllamacpp.Server(params)
    for prompt in prompts:
        body: dict[str, Any] = {"prompt": prompt, "n_predict": 1, "n_probs": 2000, "cache_prompt": False}
        answer = server.handle_completions(body | {"temperature": 0, "logit_bias": [[_LETTER, 1000.0]]})
        [told] = answer["choices"][0]["logprobs"]["content"]
        print(json.dumps([[each["id"], each["logprob"]] for each in told["top_logprobs"]]), flush=True)
    os._exit(0)


if __name__ == "__main__":
    _main(sys.argv[1], json.loads(sys.argv[2]))
