"""Small LoRA add-ons in PEFT's form."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checkpoint_folder import write_json
from .safetensors_file import write_safetensors
from .torch_file import contiguous, write_torch

Array = NDArray[Any]
BASE_SHAPES = {
    "lm_head.weight": (10, 8),
    "model.embed_tokens.weight": (10, 8),
    "model.layers.0.mlp.down_proj.weight": (8, 12),
    "model.layers.0.self_attn.q_proj.bias": (8,),
    "model.layers.0.self_attn.q_proj.weight": (8, 8),
    "model.norm.weight": (8,),
}
Q = "model.layers.0.self_attn.q_proj"
DOWN = "model.layers.0.mlp.down_proj"


def base_weights(seed: int = 1) -> dict[str, Array]:
    random = np.random.default_rng(seed)
    return {name: random.standard_normal(shape).astype(np.float32) for name, shape in BASE_SHAPES.items()}


def pair(module: str, outputs: int, inputs: int, rank: int, seed: int = 2) -> dict[str, Array]:
    """A and B of one module."""
    random = np.random.default_rng(seed)
    return {
        f"base_model.model.{module}.lora_A.weight": random.standard_normal((rank, inputs)).astype(np.float32),
        f"base_model.model.{module}.lora_B.weight": random.standard_normal((outputs, rank)).astype(np.float32),
    }


def product(tensors: Mapping[str, Array], module: str) -> Array:
    """B × A in float64."""
    down, up = (tensors[f"base_model.model.{module}.lora_{each}.weight"].astype(np.float64) for each in "AB")
    return np.asarray(up @ down)


def lora_folder(folder: Path, tensors: Mapping[str, Array], *, torch: bool = False, **config: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"peft_type": "LORA", "base_model_name_or_path": "example/base", "r": 4, "lora_alpha": 8, **config}
    write_json(folder / "adapter_config.json", settings)
    if torch:
        views = {name: contiguous(n, "F32", array.shape) for n, (name, array) in enumerate(tensors.items())}
        write_torch(folder / "adapter_model.bin", views, list(tensors.values()))
    else:
        write_safetensors(folder / "adapter_model.safetensors", tensors)
    return folder
