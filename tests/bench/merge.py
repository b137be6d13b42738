"""What merging an add-on costs: python -m tests.bench.merge [folder]. Prints one JSON object.

The Llama of convert.py (1.1 GB, BF16) and an add-on for every linear layer, ranks 16 and 64; written at F16 and Q4_K_M
with and without it, in turn. The ratios of neighbouring runs hold on a busy machine too.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from tests.builders.lora_folder import lora_folder

from .big_llama import Shape, write_checkpoint
from .convert import measured

RUNS = 5


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as scratch:
        folder = Path(scratch)
        write_checkpoint(folder / "llama", Shape())
        (folder / "llama" / "model.safetensors").read_bytes()  # warm
        figures: dict[str, Any] = {}
        for rank in (16, 64):
            addon = write_addon(folder / f"lora-{rank}", rank)
            for size in ("F16", "Q4_K_M"):
                figures[f"rank {rank}, {size}"] = compare(folder, addon, size)
        print(json.dumps(figures, indent=2))


def write_addon(folder: Path, rank: int) -> Path:
    random = np.random.default_rng(rank)
    tensors = {}
    for name, dimensions in Shape().tensors():
        if name.endswith("_proj.weight"):
            stem = f"base_model.model.{name.removesuffix('.weight')}.lora_"
            tensors[f"{stem}A.weight"] = random.standard_normal((rank, dimensions[1]), dtype=np.float32) * 0.01
            tensors[f"{stem}B.weight"] = random.standard_normal((dimensions[0], rank), dtype=np.float32) * 0.01
    return lora_folder(folder, tensors, r=rank, lora_alpha=2 * rank)


def compare(folder: Path, addon: Path, size: str) -> dict[str, float]:
    """Each pair of runs one after the other; seconds of a whole `modelyard import`, its start included."""
    plain, with_addon = [], []
    for _ in range(RUNS):
        plain.append(seconds(folder, size, str(folder / "llama")))
        with_addon.append(seconds(folder, size, str(addon), "--base", str(folder / "llama")))
    ratios = [after / before for before, after in zip(plain, with_addon, strict=True)]
    return {"plain_seconds": median(plain), "merged_seconds": median(with_addon), "ratio": median(ratios)}


def seconds(folder: Path, size: str, *source: str) -> float:
    result = folder / "result.gguf"
    result.unlink(missing_ok=True)
    command = [sys.executable, "-m", "modelyard", "import", *source, "--size", size, "--engine", "none"]
    command += ["--output", str(result), "--data-dir", str(folder / "data"), "--json"]
    return float(measured(command)["seconds"])


if __name__ == "__main__":
    main()
