"""The work itself: kernels, a conversion, the engine, the worker process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from .faults import expect

_SECONDS = 120
_FOLDER = "Tiny-Llama"


def kernels(data: Path) -> str:
    """ggml's kernels, and our compiled ones, which a checkout may lack."""
    import numpy as np

    from ..formats.ggml_types import GgmlType
    from ..quantize import ggml, native

    rows = np.linspace(-1, 1, 1024, dtype=np.float32).reshape(2, 512)
    out = np.empty((2, GgmlType.Q4_K.row_bytes(512)), np.uint8)

    def error() -> float:
        return float(np.abs(ggml.to_float32(GgmlType.Q4_K, out, 512) - rows).max())

    ggml.quantize_rows(GgmlType.Q4_K, rows, out, None)
    expect(error() < 0.05, f"ggml's are off by {error()}")
    out[:] = 0
    outcome = native.convert(GgmlType.F32, rows, GgmlType.Q4_K, out, None)
    if outcome is native.Outcome.UNSUPPORTED:
        expect(not getattr(sys, "frozen", False), "our compiled kernels do not load")
        return "those of ggml"
    expect(outcome is native.Outcome.DONE and error() < 0.05, f"ours are off by {error()}")
    return "those of ggml, and compiled: " + ", ".join(native.variants())


def conversion_and_engine(data: Path) -> str:
    """A tiny checkpoint through the program itself, as a child: converted, quantized, loaded, asked."""
    from .tiny_checkpoint import write_tiny_llama

    folder = write_tiny_llama(data / _FOLDER)
    _program("import", str(folder), "--size", "Q4_K_M", "--name", "tiny", "--yes", "--json", data=data)
    answer = _program("chat", "tiny", "--prompt", "Hello", "--json", data=data)
    expect(answer["event"] == "done", answer)
    return f"{answer['stats']['answer_tokens']} tokens"


def worker(data: Path) -> str:
    """Looks at that checkpoint, then ends well and without a word."""
    from ..host.children import Child, self_command
    from ..importing.sources import CheckpointFolder
    from ..importing.wire import to_json

    child = Child(self_command("worker", "--data-dir", str(data)))
    child.send({"job": "inspect", "source": to_json(CheckpointFolder(data / _FOLDER))})
    events = list(child.messages())
    status, said = child.wait(_SECONDS), child.last_words()
    child.end()
    expect(bool(events) and events[-1]["event"] == "done", (events, said))
    expect((status, said) == (0, ""), f"it ended with {status}: {said}")
    return str(events[-1]["result"]["inspection"]["architecture"])


def _program(*arguments: str, data: Path) -> dict[str, Any]:
    """Runs this program and returns its last event. Raises NotAsExpected if it failed or complained."""
    from ..host.children import own_environment, self_command

    done = subprocess.run(
        [*self_command(*arguments), "--data-dir", str(data)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_SECONDS,
        env=own_environment(),
        check=False,
    )
    told = f"{arguments[0]} ended with {done.returncode}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
    expect(done.returncode == 0 and not done.stderr, told)
    last: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return last
