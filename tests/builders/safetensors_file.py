"""Writes safetensors files, sound ones and lying ones."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_NAMES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint32": "U32",
    "uint16": "BF16",
    "uint8": "U8",
}


def write_safetensors(
    path: Path,
    tensors: Mapping[str, NDArray[Any]],
    dtypes: Mapping[str, str] | None = None,
    order: str = "given",
    metadata: Mapping[str, str] | None = None,
) -> None:
    """uint16 arrays are written as BF16 unless `dtypes` names another type for the tensor. order "reversed": the data
    lies in the reverse order of the header."""
    header: dict[str, Any] = {}
    extra = {} if metadata is None else {"__metadata__": dict(metadata)}
    names = list(tensors)
    at = 0
    for name in reversed(names) if order == "reversed" else names:
        array = tensors[name]
        dtype = (dtypes or {}).get(name, _NAMES[array.dtype.name])
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    data = b"".join(np.ascontiguousarray(tensors[name]).tobytes() for name in header)
    write_raw(path, extra | {name: header[name] for name in names}, data)


def write_raw(path: Path, header: Any, data: bytes) -> None:
    """A file with exactly this header and data, whatever they say."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
