"""Writes PyTorch zip files without torch: the pickle opcodes and entries that torch.save produces."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

_STORAGES = {"F64": "DoubleStorage", "F32": "FloatStorage", "F16": "HalfStorage", "BF16": "BFloat16Storage"}
_STORAGES |= {"I64": "LongStorage", "I32": "IntStorage", "U8": "ByteStorage", "BOOL": "BoolStorage"}
PROTO, STOP = b"\x80\x02", b"."


@dataclass(frozen=True)
class View:
    """A tensor: storage number, element type, offset, shape and strides in elements."""

    storage: int
    dtype: str
    offset: int
    shape: Sequence[int]
    strides: Sequence[int]
    parameter: bool = False


def contiguous(storage: int, dtype: str, shape: Sequence[int]) -> View:
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= n
    return View(storage, dtype, 0, shape, strides[::-1])


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(value: int) -> bytes:
    data = value.to_bytes(9, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def name_of(module: str, name: str) -> bytes:
    return b"c" + f"{module}\n{name}\n".encode()


def group(*parts: bytes) -> bytes:
    return b"(" + b"".join(parts) + b"t"


def storage_id(key: str, dtype: str, elements: int) -> bytes:
    kind = name_of("torch", _STORAGES[dtype])
    return group(text("storage"), kind, text(key), text("cpu"), number(elements)) + b"Q"


def tensor(view: View, elements: int) -> bytes:
    parts = (
        storage_id(str(view.storage), view.dtype, elements),
        number(view.offset),
        group(*(number(n) for n in view.shape)),
        group(*(number(n) for n in view.strides)),
        b"\x89",
        name_of("collections", "OrderedDict") + b")R",
    )
    code = name_of("torch._utils", "_rebuild_tensor_v2") + group(*parts) + b"R"
    if view.parameter:
        hooks = name_of("collections", "OrderedDict") + b")R"
        code = name_of("torch._utils", "_rebuild_parameter") + group(code, b"\x88", hooks) + b"R"
    return code


def state_dict(views: dict[str, View], elements: Sequence[int]) -> bytes:
    """The body of a pickle: an OrderedDict of tensors with `_metadata` as its state, as Module.state_dict gives."""
    items = b"".join(text(name) + tensor(view, elements[view.storage]) for name, view in views.items())
    return name_of("collections", "OrderedDict") + b")R(" + items + b"u}" + text("_metadata") + b"}sb"


def write_torch(path: Path, views: dict[str, View], storages: Sequence[NDArray[Any]], wrap: str | None = None) -> None:
    """A file torch.load(weights_only=True) would read. wrap: the key of an outer dictionary."""
    body = state_dict(views, [array.size for array in storages])
    if wrap:
        body = b"}" + text("epoch") + number(3) + b"s" + text(wrap) + body + b"s"
    write_pickle(path, PROTO + body + STOP, storages)


def write_pickle(path: Path, pickle: bytes, storages: Sequence[NDArray[Any]] = (), compress: bool = False) -> None:
    """A PyTorch zip around any pickle."""
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("archive/data.pkl", pickle)
        archive.writestr("archive/byteorder", b"little")
        for number_, array in enumerate(storages):
            archive.writestr(f"archive/data/{number_}", array.tobytes())
        archive.writestr("archive/version", b"3\n")
