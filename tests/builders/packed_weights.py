"""Small packed checkpoints, packed the slow and obvious way, number by number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelyard.convert.dequantize import unpacked
from modelyard.convert.weights import to_float32
from modelyard.formats.checkpoint import TensorTable
from modelyard.formats.hf_folder import open_checkpoint

from .checkpoint_folder import model_folder
from .safetensors_file import write_safetensors

Array = NDArray[Any]


def packed_model(
    folder: Path, tensors: dict[str, Array], dtypes: dict[str, str], packing: dict[str, Any]
) -> TensorTable:
    """A folder with these tensors and this quantization_config, opened and unpacked."""
    model_folder(folder, {}, quantization_config=packing)
    write_safetensors(folder / "model.safetensors", tensors, dtypes)
    return unpacked(open_checkpoint(folder))


def whole(table: TensorTable, name: str, step: int = 3) -> NDArray[np.float32]:
    """A tensor as float32, read in blocks of `step` rows (which is how mistakes at block borders show)."""
    tensor = table.tensors[name]
    reader = table.reader()
    blocks = [reader.read(name, at, min(tensor.rows, at + step)) for at in range(0, tensor.rows, step)]
    reader.close()
    return to_float32(np.concatenate(blocks), tensor.dtype).reshape(tensor.shape)


def pack_words(values: Array, bits: int) -> Array:
    """Integers as one stream of bits, least significant first, along the last dimension, in int32 words."""
    length = values.shape[-1] * bits // 32
    words = np.zeros((*values.shape[:-1], length), dtype=np.uint64)
    for index in np.ndindex(values.shape):
        word, bit = divmod(index[-1] * bits, 32)
        shifted = int(values[index]) << bit
        words[(*index[:-1], word)] |= np.uint64(shifted & 0xFFFFFFFF)
        if shifted >> 32:
            words[(*index[:-1], word + 1)] |= np.uint64(shifted >> 32)
    return words.astype(np.uint32).view(np.int32)


def as_bytes(value: Any) -> Array:
    """A small JSON object as a U8 tensor (bitsandbytes' quant_state)."""
    return np.frombuffer(json.dumps(value).encode(), dtype=np.uint8)
