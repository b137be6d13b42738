"""Contents of GGUF files made of arrays, for tests of the writer: a small Llama, or any tensors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelyard.convert.content import (
    GgufContent,
    MetadataEntry,
    RowBlock,
    RowFunction,
    TensorJob,
    ValueType,
    WeightReader,
)
from modelyard.events import CancelToken, Event
from modelyard.formats.ggml_types import GgmlType
from modelyard.quantize.writer import WrittenFile, write_gguf

DTYPES = {"float32": "F32", "float16": "F16", "uint16": "BF16"}


class ArrayReader:
    """A WeightReader over arrays that counts what is read. `before` is called with each read, to block or to fail."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], before: Callable[[str], None] | None = None) -> None:
        self._arrays = arrays
        self._before = before
        self._lock = threading.Lock()
        self.rows_read: dict[str, int] = {}

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        if self._before is not None:
            self._before(name)
        with self._lock:
            self.rows_read[name] = self.rows_read.get(name, 0) + stop - start
        array = self._arrays[name]
        return array.reshape(-1, array.shape[-1])[start:stop]


def bf16(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The upper halves of float32 numbers."""
    return (np.ascontiguousarray(values).view(np.uint32) >> np.uint32(16)).astype(np.uint16)


def job(name: str, array: NDArray[Any], fixed: GgmlType | None = None, whole: bool = False) -> TensorJob:
    if fixed is None and array.ndim < 2:
        fixed = GgmlType.F32
    dtype = DTYPES[str(array.dtype)]
    return TensorJob(name, array.shape, (name,), dtype, _rows(name, dtype), fixed, whole)


def _rows(name: str, dtype: str) -> RowFunction:
    def rows(reader: WeightReader, start: int, stop: int) -> RowBlock:
        return RowBlock(dtype, reader.read(name, start, stop))

    return rows


def content(
    arrays: Mapping[str, NDArray[Any]], original: str = "bf16", architecture: str = "llama", **parameters: int
) -> GgufContent:
    """A content of these tensors, in this order. `parameters`: <architecture>.<key>, with _ for dots of attention."""
    metadata = [MetadataEntry("general.architecture", ValueType.STRING, architecture)]
    metadata += [
        MetadataEntry(f"{architecture}.{key.replace('attention_', 'attention.')}", ValueType.UINT32, value)
        for key, value in parameters.items()
    ]
    index = len(metadata)
    metadata.append(MetadataEntry("tokenizer.ggml.model", ValueType.STRING, "none"))
    jobs = tuple(job(name, array) for name, array in arrays.items())
    return GgufContent(architecture, tuple(metadata), jobs, original, index)


def small_llama(seed: int = 0, layers: int = 2, width: int = 256) -> dict[str, NDArray[Any]]:
    """BF16 matrices and float32 norms under GGUF names."""
    random = np.random.default_rng(seed)

    def matrix(*shape: int) -> NDArray[np.uint16]:
        return bf16((random.standard_normal(shape) * 0.02).astype(np.float32))

    tensors: dict[str, NDArray[Any]] = {"token_embd.weight": matrix(64, width)}
    for layer in range(layers):
        block = f"blk.{layer}."
        tensors[block + "attn_norm.weight"] = random.standard_normal(width).astype(np.float32)
        for part in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up"):
            tensors[f"{block}{part}.weight"] = matrix(width, width)
        tensors[block + "ffn_down.weight"] = matrix(width, 2 * width)
    tensors["output_norm.weight"] = random.standard_normal(width).astype(np.float32)
    tensors["output.weight"] = matrix(64, width)
    return tensors


def llama_content(tensors: Mapping[str, NDArray[Any]], layers: int = 2) -> GgufContent:
    return content(tensors, block_count=layers, attention_head_count=4, attention_head_count_kv=2)


def write(
    what: GgufContent,
    size: str,
    reader: WeightReader,
    destination: Path,
    cancel: CancelToken | None = None,
    events: list[Event] | None = None,
    **options: Any,
) -> WrittenFile:
    """write_gguf with a listener that collects, or none."""
    listener: Callable[[Event], None] = events.append if events is not None else lambda event: None
    return write_gguf(what, size, reader, destination, listener=listener, cancel=cancel or CancelToken(), **options)
