"""The bytes in front of the weights: GGUF version 3 metadata and tensor table, as gguf-py and gguf.cpp write them."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

from ..convert.content import MetadataEntry, ValueType
from ..formats.ggml_types import GgmlType

ALIGNMENT = 32
ALIGNMENT_KEY = "general.alignment"

_CODES = {
    ValueType.UINT8: "B",
    ValueType.INT8: "b",
    ValueType.UINT16: "H",
    ValueType.INT16: "h",
    ValueType.UINT32: "I",
    ValueType.INT32: "i",
    ValueType.FLOAT32: "f",
    ValueType.BOOL: "?",
    ValueType.UINT64: "Q",
    ValueType.INT64: "q",
    ValueType.FLOAT64: "d",
}
_LENGTH = struct.Struct("<Q")


def metadata_bytes(entries: Iterable[MetadataEntry]) -> bytes:
    """The key-value section."""
    parts: list[bytes] = []
    for entry in entries:
        parts += (_text(entry.key), struct.pack("<I", entry.type))
        if entry.type is ValueType.ARRAY:
            assert entry.element is not None, f"{entry.key} has no element type"
            parts += (struct.pack("<IQ", entry.element, len(entry.value)), _items(entry.element, entry.value))
        else:
            parts.append(_items(entry.type, (entry.value,)))
    return b"".join(parts)


def metadata_length(entries: Iterable[MetadataEntry]) -> int:
    """len(metadata_bytes(entries)), without the bytes of long string arrays."""
    total = 0
    for entry in entries:
        if entry.element is ValueType.STRING and all(type(value) is str for value in entry.value):
            empty = MetadataEntry(entry.key, entry.type, (), entry.element)
            total += len(metadata_bytes([empty])) + 8 * len(entry.value) + len(_raw("".join(entry.value)))
        else:
            total += len(metadata_bytes([entry]))
    return total


def tensor_bytes(name: str, shape: tuple[int, ...], kind: GgmlType, offset: int) -> bytes:
    """One row of the tensor table. `shape` in numpy order, `offset` from the start of the weights."""
    dimensions = struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape))
    return _text(name) + dimensions + struct.pack("<IQ", kind, offset)


def start_bytes(tensor_count: int, key_count: int) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, tensor_count, key_count)


def padding(position: int, alignment: int) -> int:
    """Bytes to the next multiple of the alignment."""
    return -position % alignment


def _text(value: str | bytes) -> bytes:
    raw = _raw(value)
    return _LENGTH.pack(len(raw)) + raw


def _raw(value: str | bytes) -> bytes:
    # Bytes of an old file that are no UTF-8 travel as surrogates and come out as they were.
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")


def _items(kind: ValueType, values: Any) -> bytes:
    """The values of a scalar or an array of one type; a numpy array needs no loop."""
    if kind is ValueType.STRING:
        raws = [_raw(value) for value in values]
        pack = _LENGTH.pack
        return b"".join([part for raw in raws for part in (pack(len(raw)), raw)])
    code = _CODES[kind]
    if hasattr(values, "astype"):
        return bytes(values.astype(f"<{code}").tobytes())
    return struct.pack(f"<{len(values)}{code}", *values)
