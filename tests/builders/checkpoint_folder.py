"""Small model folders to read, break and repair."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .safetensors_file import write_safetensors


def weights(seed: int = 0) -> dict[str, NDArray[Any]]:
    """A few float16 tensors under Llama names."""
    random = np.random.default_rng(seed)
    shapes = {"model.norm.weight": (8,), "lm_head.weight": (6, 8), "model.embed_tokens.weight": (6, 8)}
    return {name: random.standard_normal(shape).astype(np.float16) for name, shape in shapes.items()}


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


def model_folder(folder: Path, tensors: Mapping[str, NDArray[Any]] | None = None, **config: Any) -> Path:
    """A folder with config.json, tokenizer.json and model.safetensors."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", {"architectures": ["LlamaForCausalLM"], **config})
    write_json(folder / "tokenizer.json", {"model": {"type": "BPE"}})
    write_safetensors(folder / "model.safetensors", weights() if tensors is None else tensors)
    return folder


def shard(folder: Path, parts: Mapping[str, Mapping[str, NDArray[Any]]], index: bool = True) -> None:
    """Replace the weights by several files, with an index unless told otherwise."""
    (folder / "model.safetensors").unlink(missing_ok=True)
    for name, tensors in parts.items():
        write_safetensors(folder / name, tensors)
    if index:
        mapping = {tensor: name for name, tensors in parts.items() for tensor in tensors}
        write_json(folder / "model.safetensors.index.json", {"weight_map": mapping})
