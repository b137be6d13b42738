"""BitNet b1.58 as 1bitLLM trained it: its weights become −1, 0 and 1 times one number (conversion/bitnet.py).

Microsoft's own 2B model names the class otherwise and has an activation that llama.cpp's BitNet does not know.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import ClassVar

import gguf
import numpy as np
from numpy.typing import NDArray

from ..content import RowBlock, WeightReader
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy, as_float32
from ..vocab.spm import write_spm

_SMALLEST = np.float32(1e-5)
_STEP = 256  # rows read at once for the mean


class Bitnet(Family):
    title = "BitNet b1.58"
    proof = "reference"
    classes: ClassVar[Names] = ("BitnetForCausalLM",)
    arch = "bitnet"

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        yield name, ternary(tensor) if name.endswith("_proj.weight") else tensor

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        keys.add_rope_scaling_factor(1.0)

    def write_vocabulary(self, keys: Keys) -> None:
        write_spm(self.model, keys)


def ternary(tensor: Lazy) -> Lazy:
    """Every weight rounded to −1, 0 or 1 times the mean size of all weights of the tensor."""
    known: list[np.float32] = []
    lock = threading.Lock()

    def scale(reader: WeightReader) -> np.float32:
        with lock:
            if not known:
                known.append(max(_mean_size(tensor, reader), _SMALLEST))
        return known[0]

    def read(reader: WeightReader, start: int, stop: int) -> RowBlock:
        inverse = np.float32(1) / scale(reader)
        values: NDArray[np.float32] = as_float32(tensor.read(reader, start, stop))
        rounded = np.clip(np.rint(values * inverse), -1, 1) / inverse
        return RowBlock("F16", rounded.astype(np.float16)) if tensor.dtype == "F16" else RowBlock("F32", rounded)

    return replace(tensor, dtype="F16" if tensor.dtype == "F16" else "F32", read=read)


def _mean_size(tensor: Lazy, reader: WeightReader) -> np.float32:
    total = 0.0
    for start in range(0, tensor.rows, _STEP):
        block = as_float32(tensor.read(reader, start, min(start + _STEP, tensor.rows)))
        total += float(np.abs(block).sum(dtype=np.float64))
    return np.float32(total / (tensor.rows * tensor.columns))


FAMILIES = (Bitnet,)
