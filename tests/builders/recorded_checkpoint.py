"""Checkpoints whose weights follow from their names, for recorded results of llama.cpp's converter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from .hf_folder_models import write_model


def weights_of(name: str, dtype: str, shape: Sequence[int]) -> NDArray[Any]:
    """Evenly spread between −1/16 and 1/16; integers for packed types. The same everywhere: raw bits of PCG64."""
    raw = np.random.PCG64(crc32(name.encode())).random_raw(max(1, math.prod(shape)))
    if dtype == "U8":
        return (raw >> np.uint64(56)).astype(np.uint8).reshape(shape)
    values = ((raw >> np.uint64(40)).astype(np.float32) / np.float32(2**27) - np.float32(1 / 16)).reshape(shape)
    if dtype == "BF16":
        return (values.view(np.uint32) >> np.uint32(16)).astype(np.uint16)
    return values


def write_recorded(folder: Path, config: Mapping[str, Any], tensors: Mapping[str, Sequence[Any]]) -> Path:
    """`tensors`: name → [dtype, shape]."""
    made = {name: weights_of(name, dtype, shape) for name, (dtype, shape) in tensors.items()}
    return write_model(folder, config, made)
