"""safetensors headers and data.

The format: 8 bytes little-endian header length, a JSON object name → {dtype, shape, data_offsets}, then the data, which
the tensors cover exactly, without hole or overlap (github.com/huggingface/safetensors, README "Format").
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from math import prod
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ..errors import Code, ModelyardError
from .checkpoint_map import MappedFile
from .checkpoint_tensor import MAX_DIMENSIONS, FileRange, ShardData, StoredTensor, element_bytes, numpy_name
from .json_bounded import parse_object

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .source import ByteSource

MAX_HEADER_BYTES = 100_000_000
"""The limit of the safetensors library itself."""
_FIRST_READ = 16 * 1024  # as much as a look at a remote file has fetched ahead
_MAX_NAME = 1024


@dataclass(frozen=True)
class SafetensorsHeader:
    """A checked header. `tensors` are sorted by name, as the safetensors library and llama.cpp read them; `begins`
    holds the first byte of each in the file. `metadata` is the header's own `__metadata__`."""

    name: str
    size: int
    tensors: tuple[StoredTensor, ...]
    begins: tuple[int, ...]
    metadata: dict[str, str]

    def offset_of(self, source: ByteSource, name: str) -> int:
        """Where the tensor's numbers begin in the file."""
        return self.begins[bisect_left(self.tensors, name, key=attrgetter("name"))]

    def open_data(self, where: FileRange) -> ShardData:
        """Map the weights. Raises FILE_MISSING, FILE_UNREADABLE, FILE_CHANGED."""
        return SafetensorsData(self, where)


def read_safetensors_header(source: ByteSource, name: str = "") -> SafetensorsHeader:
    """Read and check a header, local or remote. `name`: the file's name within its folder, if `source` does not know it
    (behind a link, in a cache).

    Raises SAFETENSORS_TRUNCATED when bytes at the end are missing, SAFETENSORS_INVALID for everything else.
    """
    name, size = name or source.name, source.size
    first = source.read_at(0, min(size, _FIRST_READ))
    if len(first) < 8:
        raise ModelyardError(Code.SAFETENSORS_TRUNCATED, name=name, need_bytes=8, have_bytes=size)
    length = int.from_bytes(first[:8], "little")
    if length > MAX_HEADER_BYTES or first[8:9] not in (b"{", b""):
        raise _invalid(name, "no safetensors header")
    if 8 + length > size:
        raise ModelyardError(Code.SAFETENSORS_TRUNCATED, name=name, need_bytes=8 + length, have_bytes=size)
    text = first[8 : 8 + length]
    if len(text) < length:
        text += source.read_at(8 + len(text), length - len(text))
    return _checked(name, size, 8 + length, text)


def _checked(name: str, size: int, data_start: int, text: bytes) -> SafetensorsHeader:
    try:
        entries = parse_object(text, name, unique_keys=True)
    except ModelyardError as error:
        raise _invalid(name, f"header: {error.fields.get('detail')}") from error
    metadata = entries.pop("__metadata__", None)
    if metadata is None:  # left out, or null as MLX writes it
        metadata = {}
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _invalid(name, "__metadata__ is not a table of strings")
    found = [(*_offsets(name, key, entry), _tensor(name, key, entry)) for key, entry in entries.items()]
    end = 0
    for begin, stop, tensor in sorted(found, key=lambda item: item[:2]):
        if stop - begin != tensor.nbytes:
            raise _invalid(name, f"{tensor.name}: {stop - begin} bytes for {tensor.dtype}{list(tensor.shape)}")
        if begin != end:
            raise _invalid(name, f"{tensor.name}: {'overlap' if begin < end else 'hole'} at {min(begin, end)}")
        end = stop
    if data_start + end > size:
        raise ModelyardError(Code.SAFETENSORS_TRUNCATED, name=name, need_bytes=data_start + end, have_bytes=size)
    if data_start + end < size:
        raise _invalid(name, f"{size - data_start - end} bytes that belong to no tensor")
    found.sort(key=lambda item: item[2].name)
    return SafetensorsHeader(
        name=name,
        size=size,
        tensors=tuple(tensor for _, _, tensor in found),
        begins=tuple(data_start + begin for begin, _, _ in found),
        metadata=metadata,
    )


def _tensor(name: str, key: str, entry: Any) -> StoredTensor:
    if not key or len(key) > _MAX_NAME:
        raise _invalid(name, f"tensor name of {len(key)} characters")
    dtype, shape = entry.get("dtype"), entry.get("shape")
    if not isinstance(dtype, str) or element_bytes(dtype) is None:
        raise _invalid(name, f"{key}: element type {str(dtype)[:40]}")
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS or not all(_is_count(number) for number in shape):
        raise _invalid(name, f"{key}: shape {str(shape)[:80]}")
    if prod(shape) >= 1 << 60:
        raise _invalid(name, f"{key}: shape {str(shape)[:80]}")
    return StoredTensor(key, dtype, tuple(shape), name)


def _offsets(name: str, key: str, entry: Any) -> tuple[int, int]:
    offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(_is_count(number) for number in offsets):
        raise _invalid(name, f"{key[:80]}: data_offsets {str(offsets)[:80]}")
    return offsets[0], offsets[1]


def _is_count(number: Any) -> bool:
    return type(number) is int and 0 <= number < 1 << 60


def _invalid(name: str, detail: str) -> ModelyardError:
    return ModelyardError(Code.SAFETENSORS_INVALID, name=name, detail=detail)


class SafetensorsData:
    """The weights of one safetensors file, memory-mapped. Thread-safe."""

    def __init__(self, header: SafetensorsHeader, where: FileRange) -> None:
        """Raises FILE_MISSING, FILE_UNREADABLE, FILE_CHANGED."""
        if where.size != header.size:
            raise ModelyardError(Code.FILE_CHANGED, name=header.name)
        self._places = {
            tensor.name: (tensor, begin) for tensor, begin in zip(header.tensors, header.begins, strict=True)
        }
        self._file = MappedFile(where, header.name)

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Rows [start, stop), read-only. Raises KeyError for a name the header does not have."""
        tensor, begin = self._places[name]
        columns = tensor.columns
        row_bytes = columns * (element_bytes(tensor.dtype) or 1)
        flat = self._file.array(numpy_name(tensor.dtype), begin + start * row_bytes, (stop - start) * columns)
        return flat.reshape(stop - start, columns)

    def close(self) -> None:
        self._file.close()
