"""The tensor table of a GGUF: names, shapes, types and offsets, held to the rules of llama.cpp (ggml/src/gguf.cpp)."""

from __future__ import annotations

import struct

from ..errors import Code, ModelyardError
from .ggml_types import GgmlType
from .gguf_cursor import Cursor
from .gguf_values import GgufTensor
from .source import ByteSource

MAX_TENSORS = 131_072  # the largest real models have a few thousand; old Mixtral files about 1000
MAX_NAME_BYTES = 63  # GGML_MAX_NAME is 64 with its NUL
MAX_DIMENSIONS = 4
MAX_ELEMENTS = 2**63 - 1

# Numbers that ggml.h once used: Q4_2, Q4_3, Q4_0_4_4, Q4_0_4_8, Q4_0_8_8, IQ4_NL_4_4, IQ4_NL_4_8, IQ4_NL_8_8.
WITHDRAWN_TYPES = frozenset({4, 5, 31, 32, 33, 36, 37, 38})

_TYPES = {int(member): member for member in GgmlType}
_DIMENSIONS = [struct.Struct(f"<{count}Q") for count in range(MAX_DIMENSIONS + 1)]
_Row = tuple[str, GgmlType, tuple[int, ...], int, int]  # name, type, shape, offset in the data section, bytes
_TYPE_AND_OFFSET = struct.Struct("<IQ")


def read_tensors(source: ByteSource, cursor: Cursor, count: int, alignment: int) -> tuple[tuple[GgufTensor, ...], int]:
    """Reads `count` entries at the cursor; returns them and the offset of the data section.

    llama.cpp accepts only tensors laid out one behind the other in the order of the table; so do we: this also
    excludes overlaps. Raises GGUF_INVALID, GGUF_TRUNCATED, GGUF_TYPE_UNKNOWN, GGUF_TYPE_WITHDRAWN.
    """
    found: list[_Row] = []
    names: set[str] = set()
    expected = 0  # relative to the data section
    end = 0
    for number in range(count):
        cursor.where = f"tensor {number + 1}"
        name = _name(cursor)
        cursor.where = name
        if name in names:
            raise cursor.invalid("duplicate tensor")
        names.add(name)
        shape, elements = _shape(cursor)
        kind, offset = _type_and_offset(source, cursor, name)
        row = shape[-1] if shape else 1
        if row % kind.block_elements:
            raise cursor.invalid(f"row of {row} as {kind.name}")
        if offset != expected:
            fault = "misaligned" if offset % alignment else "overlap" if offset < expected else "gap"
            raise cursor.invalid(f"{fault}: offset {offset}, not {expected}")
        nbytes = elements // kind.block_elements * kind.block_bytes
        end = expected + nbytes
        expected = end + -end % alignment
        found.append((name, kind, shape, offset, nbytes))
    return _place(cursor, found, alignment, end)


def _place(cursor: Cursor, found: list[_Row], alignment: int, end: int) -> tuple[tuple[GgufTensor, ...], int]:
    """Absolute offsets, now that the end of the table is known. The last tensor may lack its padding."""
    if not found:
        return (), cursor.position
    data_offset = cursor.position + -cursor.position % alignment
    cursor.where = "weights"
    if data_offset + end > cursor.position + cursor.remaining:
        raise cursor.truncated(data_offset + end)
    return tuple(
        GgufTensor(name, kind, shape, data_offset + offset, nbytes) for name, kind, shape, offset, nbytes in found
    ), data_offset


def _name(cursor: Cursor) -> str:
    raw = cursor.string(MAX_NAME_BYTES)
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise cursor.invalid("name not UTF-8") from None
    if not name or "\0" in name:
        raise cursor.invalid("empty name")
    return name


def _shape(cursor: Cursor) -> tuple[tuple[int, ...], int]:
    """The shape in numpy order and the number of elements."""
    count = cursor.uint32()
    if count > MAX_DIMENSIONS:
        raise cursor.invalid(f"{count} dimensions")
    stored = cursor.unpack(_DIMENSIONS[count])
    elements = 1
    for dimension in stored:
        elements *= dimension
    if not 0 < elements <= MAX_ELEMENTS:
        raise cursor.invalid(f"shape {stored}")
    return tuple(reversed(stored)), elements


def _type_and_offset(source: ByteSource, cursor: Cursor, name: str) -> tuple[GgmlType, int]:
    number, offset = cursor.unpack(_TYPE_AND_OFFSET)
    kind = _TYPES.get(number)
    if kind is None:
        code = Code.GGUF_TYPE_WITHDRAWN if number in WITHDRAWN_TYPES else Code.GGUF_TYPE_UNKNOWN
        raise ModelyardError(code, name=source.name, tensor=name, type=number)
    return kind, offset
