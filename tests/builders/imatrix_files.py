"""Importance matrices for any model, in llama.cpp's two forms. The numbers follow from the tensors' names."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .gguf_files import GgufBuilder
from .recorded_checkpoint import weights_of

CALLS, DATASET, CHUNKS = 40, "words.txt", 7


def sums(name: str, experts: int, columns: int) -> NDArray[np.float32]:
    """Sums of squares, a hundredfold apart: shape (experts, columns)."""
    values = weights_of(name, "F32", (experts, columns)).astype(np.float64)
    spread: NDArray[np.float32] = (CALLS * np.exp2(100 * values)).astype(np.float32)
    return spread


def write_imatrix(path: Path, tensors: Mapping[str, Sequence[int]]) -> Path:
    """`tensors`: name → shape. Nothing passed through the first expert of a stack."""
    builder = GgufBuilder().text("general.type", "imatrix").texts("imatrix.datasets", [DATASET])
    builder.u32("imatrix.chunk_count", CHUNKS).u32("imatrix.chunk_size", 512)
    for name, shape in tensors.items():
        experts = shape[-3] if len(shape) > 2 else 1
        counts, values = np.full(experts, CALLS, np.float32), sums(name, experts, shape[-1])
        if experts > 1:
            counts[0], values[0] = 0, 0
        builder.tensor(f"{name}.in_sum2", values.shape, data=values.tobytes())
        builder.tensor(f"{name}.counts", (experts, 1), data=counts.tobytes())
    data = builder.build()
    path.write_bytes(data + bytes(-len(data) % 32))  # llama.cpp reads the last tensor's padding, too
    return path


def write_legacy_imatrix(path: Path, tensors: Mapping[str, Sequence[int]]) -> Path:
    data = struct.pack("<i", len(tensors))
    for name, shape in tensors.items():
        values = sums(name, shape[-3] if len(shape) > 2 else 1, shape[-1])
        data += struct.pack("<i", len(name)) + name.encode()
        data += struct.pack("<ii", CALLS, values.size) + values.tobytes()
    path.write_bytes(data + struct.pack("<ii", CHUNKS, len(DATASET)) + DATASET.encode())
    return path
