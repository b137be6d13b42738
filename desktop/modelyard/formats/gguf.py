"""A bounded reader of GGUF headers, version 2 and 3, for files that nobody trusts.

Every count, length, dimension and offset is checked against the file's size, and the layout against the rules of
llama.cpp (ggml/src/gguf.cpp), before anything is allocated for it. Only the header is read: vocabularies and other
long values stay in the file, their place remembered, until read_array asks for them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import Code, ModelyardError
from .gguf_cursor import MAX_EXTENT, Cursor, read_exactly
from .gguf_table import MAX_TENSORS, read_tensors
from .gguf_values import GgufEntry, GgufHeader, Scalar, ValueType
from .source import ByteSource

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = b"GGUF"
VERSIONS = (2, 3)
DEFAULT_ALIGNMENT = 32

MAX_KEYS = 65_536
MAX_KEY_BYTES = 65_535  # gguf.md
MAX_ARRAY_STRINGS = 4_000_000  # over the whole file; the largest real one (Gemma 3 with merges) has 0.8 million
EAGER_TEXT_BYTES = 1024 * 1024  # longer strings stay in the file
EAGER_ARRAY_BYTES = 64 * 1024
EAGER_ARRAY_COUNT = 4096
EAGER_MEMORY = 128 * 1024 * 1024  # what is kept of all values together, as Python keeps it; the rest stays in the file
_OF_AN_ELEMENT, _OF_A_BYTE = 64, 4  # of an array in memory; of text with one rare character in it

_TYPES = {int(member): member for member in ValueType}
_SCALARS = {member: struct.Struct("<" + member.code) for member in ValueType if member.code}
_LEAST_ENTRY_BYTES = 13  # key length, type, one byte
_LEAST_TENSOR_BYTES = 24  # name length, dimension count, type, offset


@dataclass
class _Left:
    """What the metadata behind may still have: strings in arrays, memory for values that are kept."""

    strings: int = MAX_ARRAY_STRINGS
    memory: int = EAGER_MEMORY

    def keep(self, memory: int) -> bool:
        """Whether a value of that size is kept."""
        kept = memory <= self.memory
        self.memory -= memory if kept else 0
        return kept


class _PreviewEnds(Exception):
    """A preview has come to the vocabulary."""


def read_header(source: ByteSource) -> GgufHeader:
    """Reads and checks the whole header.

    Raises GGUF_NOT_GGUF, GGUF_VERSION, GGUF_BIG_ENDIAN, GGUF_TRUNCATED, GGUF_INVALID, GGUF_TYPE_UNKNOWN,
    GGUF_TYPE_WITHDRAWN, FILE_CHANGED, FILE_UNREADABLE.
    """
    return _read(source, preview=False)


def read_preview(source: ByteSource) -> GgufHeader:
    """Reads the metadata up to the vocabulary, in 64 kB or little more: what a remote file is, without its tensor
    table (`complete` False unless the file has no long string array). Raises as read_header."""
    return _read(source, preview=True)


def read_array(source: ByteSource, entry: GgufEntry) -> NDArray[Any] | list[str] | str:
    """The whole value of an ARRAY (numbers and bools as ndarray, strings as list) or STRING entry of this file.

    Undecodable bytes of strings become surrogate escapes. Raises FILE_CHANGED, FILE_UNREADABLE, GGUF_INVALID.
    """
    data = read_bytes(source, entry)
    if entry.type is ValueType.STRING or entry.element is ValueType.STRING:
        strings = _split_strings(source, entry, data)
        return strings[0] if entry.type is ValueType.STRING else strings
    import numpy

    assert entry.element is not None, f"{entry.key} is neither an array nor a string"
    if entry.element is ValueType.BOOL:  # any byte but zero is true
        truth: NDArray[Any] = numpy.frombuffer(data, dtype=numpy.uint8) != 0
        return truth
    return numpy.frombuffer(data, dtype=numpy.dtype("<" + entry.element.code))


def read_bytes(source: ByteSource, entry: GgufEntry) -> bytes:
    """The value exactly as it stands in the file (see GgufEntry.offset). Raises FILE_CHANGED, FILE_UNREADABLE."""
    return read_exactly(source, entry.offset, entry.nbytes)


def _split_strings(source: ByteSource, entry: GgufEntry, data: bytes) -> list[str]:
    strings: list[str] = []
    unpack = struct.Struct("<Q").unpack_from
    at = 0
    try:
        for _ in range(entry.count):
            end = at + 8 + unpack(data, at)[0]
            strings.append(data[at + 8 : end].decode("utf-8", "surrogateescape"))
            at = end
    except (struct.error, OverflowError):
        at = -1
    if at != len(data):  # it was checked when the header was read
        raise ModelyardError(Code.FILE_CHANGED, name=source.name)
    return strings


def _read(source: ByteSource, *, preview: bool) -> GgufHeader:
    cursor = Cursor(source)
    version, tensor_count, key_count = _read_start(source, cursor)
    metadata: dict[str, GgufEntry] = {}
    complete = True
    try:
        _read_metadata(cursor, key_count, metadata, preview)
    except _PreviewEnds:
        complete = False
    alignment = _alignment(source, metadata)
    if not complete:
        return GgufHeader(source.name, version, alignment, metadata, (), tensor_count, 0, source.size, False)
    tensors, data_offset = read_tensors(source, cursor, tensor_count, alignment)
    return GgufHeader(source.name, version, alignment, metadata, tensors, tensor_count, data_offset, source.size)


def _read_start(source: ByteSource, cursor: Cursor) -> tuple[int, int, int]:
    """Magic, version and the two counts."""
    if source.size < 4 or cursor.take(4) != MAGIC:
        raise ModelyardError(Code.GGUF_NOT_GGUF, name=source.name)
    version = cursor.uint32()
    if version & 0xFFFF == 0 and version:
        raise ModelyardError(Code.GGUF_BIG_ENDIAN, name=source.name)
    if version not in VERSIONS:
        raise ModelyardError(Code.GGUF_VERSION, name=source.name, version=version)
    tensor_count = cursor.uint64()
    key_count = cursor.uint64()
    if tensor_count > MAX_TENSORS or key_count > MAX_KEYS:
        raise cursor.invalid(f"{tensor_count} tensors, {key_count} keys")
    least = tensor_count * _LEAST_TENSOR_BYTES + key_count * _LEAST_ENTRY_BYTES
    if least > cursor.remaining:
        raise cursor.truncated(cursor.position + least)
    return version, tensor_count, key_count


def _read_metadata(cursor: Cursor, key_count: int, metadata: dict[str, GgufEntry], preview: bool) -> None:
    left = _Left()
    for number in range(key_count):
        cursor.where = f"key {number + 1}"
        raw = cursor.string(MAX_KEY_BYTES)
        try:
            key = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise cursor.invalid("key not UTF-8") from None
        if not key:
            raise cursor.invalid("empty key")
        cursor.where = key[:80]
        if key in metadata:
            raise cursor.invalid("duplicate key")
        metadata[key] = _read_entry(cursor, key, left, preview)


def _read_entry(cursor: Cursor, key: str, left: _Left, preview: bool) -> GgufEntry:
    kind = _value_type(cursor)
    if kind is ValueType.ARRAY:
        return _read_array_entry(cursor, key, left, preview)
    offset = cursor.position
    value: Scalar | None
    if kind is ValueType.STRING:
        value = _read_text(cursor, left)
    else:
        value = cursor.unpack(_SCALARS[kind])[0]
    return GgufEntry(key, kind, None, 1, offset, cursor.position - offset, value)


def _read_text(cursor: Cursor, left: _Left) -> str | None:
    """A string value, or None if it is so long that it stays in the file."""
    length = cursor.uint64()
    if length > EAGER_TEXT_BYTES or not left.keep(_OF_A_BYTE * length):
        cursor.skip(length)
        return None
    if length > cursor.remaining:
        raise cursor.truncated(cursor.position + length)
    return cursor.take(length).decode("utf-8", "surrogateescape")


def _read_array_entry(cursor: Cursor, key: str, left: _Left, preview: bool) -> GgufEntry:
    element = _value_type(cursor)
    if element is ValueType.ARRAY:
        raise cursor.invalid("array of arrays")
    count = cursor.uint64()
    least = count * (element.width or 8)  # a string is at least its length
    if least > cursor.remaining:
        raise cursor.truncated(cursor.position + least)
    offset = cursor.position
    if element is not ValueType.STRING:
        cursor.skip(least)
    else:
        if preview and count > EAGER_ARRAY_COUNT:
            raise _PreviewEnds
        if count > left.strings:
            raise cursor.invalid(f"{count} strings")
        left.strings -= count
        cursor.skip_strings(count)
    nbytes = cursor.position - offset
    value: tuple[Scalar, ...] | None = None
    short = count <= EAGER_ARRAY_COUNT and nbytes <= EAGER_ARRAY_BYTES
    if short and left.keep(_OF_AN_ELEMENT * count + _OF_A_BYTE * nbytes):
        cursor.position = offset
        value = _short_array(cursor, element, count, nbytes)
    return GgufEntry(key, ValueType.ARRAY, element, count, offset, nbytes, value)


def _short_array(cursor: Cursor, element: ValueType, count: int, nbytes: int) -> tuple[Scalar, ...]:
    if element is not ValueType.STRING:
        return struct.unpack(f"<{count}{element.code}", cursor.take(nbytes))
    return tuple(cursor.string(nbytes).decode("utf-8", "surrogateescape") for _ in range(count))


def _value_type(cursor: Cursor) -> ValueType:
    number = cursor.uint32()
    kind = _TYPES.get(number)
    if kind is None:
        raise cursor.invalid(f"value type {number}")
    return kind


def _alignment(source: ByteSource, metadata: dict[str, GgufEntry]) -> int:
    entry = metadata.get("general.alignment")
    if entry is None:
        return DEFAULT_ALIGNMENT
    value = entry.value
    if entry.type is not ValueType.UINT32 or not isinstance(value, int) or value == 0 or value & (value - 1):
        raise ModelyardError(Code.GGUF_INVALID, name=source.name, where=entry.key, detail=str(value)[:40])
    if value > MAX_EXTENT:
        raise ModelyardError(Code.GGUF_INVALID, name=source.name, where=entry.key, detail=str(value))
    return value
