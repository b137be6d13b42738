"""What a GGUF header says, as plain frozen values (ggml/docs/gguf.md, ggml/src/gguf.cpp)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from .ggml_types import GgmlType


class ValueType(IntEnum):
    """Metadata value types. `width` is the size of one value in bytes, `code` its letter for struct and numpy;
    strings and arrays have neither."""

    width: int
    code: str

    def __new__(cls, number: int, width: int = 0, code: str = "") -> ValueType:
        member = int.__new__(cls, number)
        member._value_ = number
        member.width = width
        member.code = code
        return member

    UINT8 = 0, 1, "B"
    INT8 = 1, 1, "b"
    UINT16 = 2, 2, "H"
    INT16 = 3, 2, "h"
    UINT32 = 4, 4, "I"
    INT32 = 5, 4, "i"
    FLOAT32 = 6, 4, "f"
    BOOL = 7, 1, "?"
    STRING = 8
    ARRAY = 9
    UINT64 = 10, 8, "Q"
    INT64 = 11, 8, "q"
    FLOAT64 = 12, 8, "d"


Scalar = bool | int | float | str


@dataclass(frozen=True, slots=True)
class GgufEntry:
    """One metadata key.

    `value` is the scalar, or a tuple for a short array. It is None for what is left in the file (long arrays such as
    a vocabulary, strings above 1 MiB): gguf.read_array and gguf.read_bytes fetch those. Text that is not UTF-8 is
    kept with surrogate escapes, so that it can be written back unchanged.
    `element` and `count` describe an array (count is 1 for a scalar). `offset` (absolute, bytes) and `nbytes` are
    those of the value itself: behind the type numbers and, in an array, behind the count; a string value begins
    with its length.
    """

    key: str
    type: ValueType
    element: ValueType | None
    count: int
    offset: int
    nbytes: int
    value: Scalar | tuple[Scalar, ...] | None


@dataclass(frozen=True, slots=True)
class GgufTensor:
    """One tensor. `shape` in numpy order: the last number is the row length (the file stores it reversed). `offset`
    is absolute, in bytes."""

    name: str
    type: GgmlType
    shape: tuple[int, ...]
    offset: int
    nbytes: int

    @property
    def elements(self) -> int:
        total = 1
        for dimension in self.shape:
            total *= dimension
        return total


@dataclass(frozen=True)
class GgufHeader:
    """A checked header. `metadata` and `tensors` are in file order.

    `complete` is False only for a preview: then `metadata` ends before the vocabulary, `tensors` is empty and
    `data_offset` 0. `tensor_count` is what the file says in any case.
    """

    name: str
    version: int
    alignment: int
    metadata: Mapping[str, GgufEntry]
    tensors: tuple[GgufTensor, ...]
    tensor_count: int
    data_offset: int
    file_size: int
    complete: bool = True

    def integer(self, key: str) -> int | None:
        """The value if it is a whole number (not a bool), else None: a key of a wrong type counts as absent."""
        value = self._value(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def boolean(self, key: str) -> bool | None:
        value = self._value(key)
        return value if isinstance(value, bool) else None

    def text(self, key: str) -> str:
        """The value as text fit to show (undecodable bytes replaced), "" if absent or of another type."""
        value = self._value(key)
        return readable(value) if isinstance(value, str) else ""

    def integers(self, key: str) -> tuple[int, ...]:
        """A short array of whole numbers (or bools as 0 and 1), or a single number as one; () if absent."""
        value = self._value(key)
        values = value if isinstance(value, tuple) else (value,)
        return tuple(int(v) for v in values if isinstance(v, int))

    def texts(self, key: str) -> tuple[str, ...]:
        """A short array of strings; () if absent."""
        value = self._value(key)
        return tuple(readable(v) for v in value if isinstance(v, str)) if isinstance(value, tuple) else ()

    def _value(self, key: str) -> Scalar | tuple[Scalar, ...] | None:
        entry = self.metadata.get(key)
        return entry.value if entry is not None else None


def readable(text: str) -> str:
    """Text of a file made fit for a window, JSON and a database: no lone surrogates, no NUL."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\0", "")
