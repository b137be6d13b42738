"""Figures of the Hub: `python -m tests.bench.hub` prints one JSON object. Needs ../shared/goldens for a tokenizer.

fetch_mb_per_second: from loopback, with hashing, from a server in a process of its own.
cases: the whole import with the server's line limited so that fetching takes as long as converting, beside each of both
alone. How fast this computer converts decides what that means, so there are several:
 - "ggml": the kernels every computer has. Converting a gigabyte takes about as long as a good line at home brings one.
 - a size our own kernels are slowest at, and the usual size, at which they need a gigabyte a second to be kept busy:
   there fetching itself (receiving, hashing, writing; and the server beside it) competes for the processor.
 - "line": not the same time but the usual one, a line of 1 Gbit/s and our own kernels.
start_seconds: until the first byte of weights is asked for; end_seconds: after the last one. processor_seconds: of the
import, and of converting alone, on all cores together: with two cores and a server beside them, an import cannot take
less than half of its own. peak_disk_mb stands beside the sizes of result and largest shard. Each time is the best
of two.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from modelyard.hub.endpoints import endpoint_at
from modelyard.hub.fetch.fetch import Fetch
from modelyard.hub.look import list_repository
from modelyard.hub.session import Session
from tests.builders.safetensors_file import write_safetensors
from tests.shared import SHARED

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = "bench/llama"
T = TypeVar("T", float, "Imported")
SHARDS, LAYERS, WIDTH, INNER, WORDS = 6, 32, 1024, 2816, 32_000
HOME_LINE = 118_000_000  # bytes a second of 1 Gbit/s


@dataclass(frozen=True)
class Case:
    """A size, and the kernels that make it (MODELYARD_KERNELS). `line`: bytes a second, 0 = as fast as converting."""

    size: str
    kernels: str = ""
    line: int = 0


CASES = {
    "ggml Q4_K_M": Case("Q4_K_M", "ggml"),
    "own IQ4_NL": Case("IQ4_NL"),
    "own Q4_K_M": Case("Q4_K_M"),
    "line Q4_K_M": Case("Q4_K_M", line=HOME_LINE),
}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="modelyard-bench-") as scratch:
        folder = Path(scratch) / "hub" / REPOSITORY
        make_checkpoint(folder)
        total = sum(path.stat().st_size for path in folder.iterdir())
        figures: dict[str, Any] = {"checkpoint_mb": round(total / 1e6)}
        with server(folder.parents[1]) as url:
            seconds = min(fetch(url, Path(scratch) / f"fetched{n}") for n in range(3))
            figures["fetch_mb_per_second"] = round(total / seconds / 1e6)
        for name, case in CASES.items():
            figures[name] = overlap(folder, Path(scratch) / name.replace(" ", "-"), total, case)
        print(json.dumps(figures))


def overlap(folder: Path, scratch: Path, total: int, case: Case) -> dict[str, Any]:
    """Fetching and converting, each alone and both at once."""
    kernels = {"MODELYARD_KERNELS": case.kernels} if case.kernels else {}
    local = best(lambda n: import_once(str(folder), scratch / f"local{n}", case.size, kernels))
    with server(folder.parents[1], case.line or int(total / local.seconds)) as url:
        fetching = best(lambda n: fetch(url, scratch / f"limited{n}"))
        remote = best(
            lambda n: import_once(REPOSITORY, scratch / f"remote{n}", case.size, {"HF_ENDPOINT": url, **kernels})
        )
    shard = max(path.stat().st_size for path in folder.glob("*.safetensors"))
    return {
        "convert_seconds": round(local.seconds, 2),
        "fetch_seconds": round(fetching, 2),
        "import_seconds": round(remote.seconds, 2),
        "import_to_longer": round(remote.seconds / max(local.seconds, fetching), 3),
        "start_seconds": round(remote.start_seconds, 2),
        "end_seconds": round(remote.end_seconds, 2),
        "processor_seconds": round(remote.processor_seconds, 2),
        "convert_processor_seconds": round(local.processor_seconds, 2),
        "peak_disk_mb": round(remote.peak_bytes / 1e6),
        "result_mb": round(local.result.stat().st_size / 1e6),
        "largest_shard_mb": round(shard / 1e6),
        "same_bytes": local.result.read_bytes() == remote.result.read_bytes(),
    }


@dataclass(frozen=True, order=True)
class Imported:
    """One run of `modelyard import`, the whole program."""

    seconds: float
    start_seconds: float
    end_seconds: float
    processor_seconds: float
    peak_bytes: int
    result: Path


def best(measure: Callable[[int], T]) -> T:
    return min(measure(n) for n in range(2))


def make_checkpoint(folder: Path) -> None:
    """A Llama of about 1 GB in bfloat16 with random weights (every layer the same) and a real tokenizer."""
    folder.mkdir(parents=True)
    goldens = SHARED / "goldens"
    shutil.copytree(goldens / "tokenizers" / "llama2", folder, dirs_exist_ok=True)
    config = json.loads((goldens / "cases" / "llama2-spm-f16" / "config.json").read_text(encoding="utf-8"))
    config |= {"hidden_size": WIDTH, "intermediate_size": INNER, "num_hidden_layers": LAYERS, "torch_dtype": "bfloat16"}
    config |= {"num_attention_heads": 16, "num_key_value_heads": 16, "head_dim": WIDTH // 16, "vocab_size": WORDS}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    layer = {f"self_attn.{name}_proj.weight": (WIDTH, WIDTH) for name in "qkvo"}
    layer |= {"mlp.gate_proj.weight": (INNER, WIDTH), "mlp.up_proj.weight": (INNER, WIDTH)}
    layer |= {"mlp.down_proj.weight": (WIDTH, INNER)}
    layer |= {"input_layernorm.weight": (WIDTH,), "post_attention_layernorm.weight": (WIDTH,)}
    shapes = {"model.embed_tokens.weight": (WORDS, WIDTH)}
    shapes |= {f"model.layers.{n}.{name}": shape for n in range(LAYERS) for name, shape in layer.items()}
    shapes |= {"model.norm.weight": (WIDTH,), "lm_head.weight": (WORDS, WIDTH)}
    random = np.random.default_rng(0)
    values = {shape: bfloat16(random.standard_normal(shape, np.float32) * 0.02) for shape in set(shapes.values())}
    names, where = list(shapes), {}
    per_shard = -(-len(names) // SHARDS)
    for number in range(SHARDS):
        file = f"model-{number + 1:05}-of-{SHARDS:05}.safetensors"
        chosen = names[number * per_shard : (number + 1) * per_shard]
        where |= dict.fromkeys(chosen, file)
        weights = {name: values[shapes[name]] for name in chosen}
        write_safetensors(folder / file, weights)
    index = {"metadata": {}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


def bfloat16(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return (values.view(np.uint32) >> np.uint32(16)).astype(np.uint16)


@contextmanager
def server(folder: Path, line: int = 0) -> Iterator[str]:
    """The test Hub in a process of its own; `line` limits all connections together, in bytes a second."""
    command = [sys.executable, "-m", "tests.builders.hub_server", str(folder), str(line), "line"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def fetch(url: str, folder: Path) -> float:
    """Seconds for all files, hashed."""
    with Session(endpoint_at(url)) as session:
        listing = list_repository(session, REPOSITORY)
        began = time.monotonic()
        with Fetch(session, listing, listing.files, folder, lambda _: None) as job:
            job.wait()
        seconds = time.monotonic() - began
        job.discard()
    return seconds


def import_once(source: str, data: Path, size: str, environment: Mapping[str, str]) -> Imported:
    result = data / "result.gguf"
    data.mkdir(parents=True)
    command = [sys.executable, "-m", "modelyard", "import", source, "--engine", "none", "--size", size, "--yes"]
    command += ["--output", str(result), "--data-dir", str(data), "--json"]
    peak, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            peak[0] = max(peak[0], disk_use(data))

    watcher = threading.Thread(target=watch)
    watcher.start()
    used = os.times()
    began = time.monotonic()
    started = fetched = began
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event.get("step") == "looking" and event["event"] == "step_started":
                started = time.monotonic()
            elif event.get("step") == "downloading" and event.get("done", -1) != event.get("total"):
                fetched = time.monotonic()
    seconds = time.monotonic() - began
    now = os.times()
    ended.set()
    watcher.join()
    if process.returncode != 0:
        raise SystemExit(line)
    processor = now.children_user + now.children_system - used.children_user - used.children_system
    return Imported(seconds, started - began, began + seconds - fetched, processor, peak[0], result)


def disk_use(folder: Path) -> int:
    """Bytes really taken: a file made at its final size takes none until it is written."""
    total = 0
    for path in folder.rglob("*"):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        total += getattr(status, "st_blocks", -(-status.st_size // 512)) * 512
    return total


if __name__ == "__main__":
    main()
