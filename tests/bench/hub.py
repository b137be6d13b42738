"""Figures of the Hub: `python -m tests.bench.hub` prints one JSON object. Needs ../shared/goldens for a tokenizer.

fetch_mb_per_second: from loopback, with hashing, from a server in a process of its own.
With the server limited so that fetching takes about as long as converting: the times of fetching alone, converting
alone and importing (both at once), their ratio, and the peak of the disk beside the sizes of result and largest shard.
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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from modelyard.hub.endpoints import endpoint_at
from modelyard.hub.fetch.fetch import Fetch, FetchOptions
from modelyard.hub.look import list_repository
from modelyard.hub.session import Session
from tests.builders.safetensors_file import write_safetensors
from tests.shared import SHARED

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = "bench/llama"
SHARDS, LAYERS, WIDTH, INNER, WORDS = 6, 32, 1024, 2816, 32_000
SIZES = ("Q4_K_M", "IQ4_NL")  # the first converts so fast that both compete for the processor, the second does not


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="modelyard-bench-") as scratch:
        folder = Path(scratch) / "hub" / REPOSITORY
        make_checkpoint(folder)
        total = sum(path.stat().st_size for path in folder.iterdir())
        figures: dict[str, Any] = {"checkpoint_mb": round(total / 1e6)}
        with server(folder.parents[1]) as url:
            seconds = min(fetch(url, Path(scratch) / f"fetched{n}") for n in range(3))
            figures["fetch_mb_per_second"] = round(total / seconds / 1e6)
        for size in SIZES:
            figures[size] = overlap(folder, Path(scratch) / size, total, size)
        print(json.dumps(figures))


def overlap(folder: Path, scratch: Path, total: int, size: str) -> dict[str, Any]:
    """Fetching and converting, each alone and both at once."""
    converting, local, _ = import_once(str(folder), scratch / "local", size)
    rate = total / converting / FetchOptions().connections
    with server(folder.parents[1], int(rate)) as url:
        fetching = fetch(url, scratch / "limited")
        both, from_hub, peak = import_once(REPOSITORY, scratch / "remote", size, HF_ENDPOINT=url)
    shard = max(path.stat().st_size for path in folder.glob("*.safetensors"))
    return {
        "convert_seconds": round(converting, 2),
        "fetch_seconds": round(fetching, 2),
        "import_seconds": round(both, 2),
        "import_to_longer": round(both / max(converting, fetching), 3),
        "peak_disk_mb": round(peak / 1e6),
        "result_mb": round(local.stat().st_size / 1e6),
        "largest_shard_mb": round(shard / 1e6),
        "same_bytes": local.read_bytes() == from_hub.read_bytes(),
    }


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
def server(folder: Path, bytes_per_second: int = 0) -> Iterator[str]:
    """The test Hub in a process of its own; the limit is for each connection."""
    command = [sys.executable, "-m", "tests.builders.hub_server", str(folder), str(bytes_per_second)]
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


def import_once(source: str, data: Path, size: str, **environment: str) -> tuple[float, Path, int]:
    """Seconds, result and peak of the disk of `modelyard import`, the whole program."""
    result = data / "result.gguf"
    data.mkdir(parents=True)
    command = [sys.executable, "-m", "modelyard", "import", source, "--engine", "none", "--size", size, "--yes"]
    command += ["--output", str(result), "--data-dir", str(data), "--json"]
    peak, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            peak[0] = max(peak[0], disk_use(data))

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    ended.set()
    watcher.join()
    if done.returncode != 0:
        raise SystemExit(f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return seconds, result, peak[0]


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
