"""A finished GGUF as the content of a smaller one: an F16 file becomes Q4_K_M, a set of shards becomes one file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..convert.content import GgufContent, MetadataEntry, RowBlock, RowFunction, TensorJob, ValueType, WeightReader
from ..errors import Code, ModelyardError
from ..formats.ggml_types import GgmlType
from ..formats.gguf import read_array
from ..formats.gguf_values import GgufEntry, GgufHeader, GgufTensor
from ..formats.source import FileSource

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

_FLOATS = (GgmlType.F32, GgmlType.F16, GgmlType.BF16)
_REPLACED = ("general.file_type", "general.quantization_version")
_OF_SETS = "split."


@dataclass(frozen=True)
class GgufFile:
    """One file of a set and its header."""

    path: Path
    header: GgufHeader


@dataclass(frozen=True)
class StoredContent(GgufContent):
    """A content whose tensors have a type already: `source_dtype` names it and the rows come RAW in it."""


class GgufWeights:
    """Rows of the tensors of one or several files, as they are stored: uint8, shape (rows, bytes a row)."""

    def __init__(self, files: Sequence[GgufFile]) -> None:
        """Maps the files. Raises FILE_UNREADABLE, FILE_CHANGED."""
        import numpy

        self._tensors: dict[str, tuple[NDArray[numpy.uint8], GgufTensor]] = {}
        for file in files:
            try:
                data = numpy.memmap(file.path, dtype=numpy.uint8, mode="r")
            except (OSError, ValueError) as error:
                raise ModelyardError(Code.FILE_UNREADABLE, name=file.path.name, detail=str(error)) from error
            if data.size != file.header.file_size:
                raise ModelyardError(Code.FILE_CHANGED, name=file.path.name)
            for tensor in file.header.tensors:
                self._tensors[tensor.name] = (data.view(numpy.ndarray), tensor)

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        data, tensor = self._tensors[name]
        row = tensor.type.row_bytes(_shape(tensor)[-1])
        return data[tensor.offset + start * row : tensor.offset + stop * row].reshape(stop - start, row)


def stored_content(files: Sequence[GgufFile]) -> StoredContent:
    """The content of a file, or of a whole set in order; the first has the metadata.

    Carries the warning "requantized" where weights are already in a small type: another one loses more.
    Raises FILE_MISSING, FILE_UNREADABLE, FILE_CHANGED, GGUF_INVALID.
    """
    first = files[0]
    tensors = [tensor for file in files for tensor in file.header.tensors]
    return StoredContent(
        architecture=first.header.text("general.architecture"),
        metadata=kept_metadata(first),
        tensors=tuple(_job(tensor) for tensor in tensors),
        original=_original(tensors),
        file_type_index=0,
        warnings=_warnings(tensors),
    )


def kept_metadata(file: GgufFile) -> tuple[MetadataEntry, ...]:
    """All keys but those that the result gets anew. Raises as stored_content."""
    with FileSource(file.path) as source:
        return tuple(
            metadata_entry(source, entry)
            for entry in file.header.metadata.values()
            if entry.key not in _REPLACED and not entry.key.startswith(_OF_SETS)
        )


def metadata_entry(source: FileSource, entry: GgufEntry) -> MetadataEntry:
    """One key with its whole value. Raises FILE_UNREADABLE, FILE_CHANGED, GGUF_INVALID."""
    value: Any = entry.value
    if value is None:
        value = read_array(source, entry)
    element = ValueType(int(entry.element)) if entry.element is not None else None
    return MetadataEntry(entry.key, ValueType(int(entry.type)), value, element)


def _job(tensor: GgufTensor) -> TensorJob:
    return TensorJob(
        name=tensor.name,
        shape=_shape(tensor),
        sources=(tensor.name,),
        source_dtype=tensor.type.name,
        rows=_rows(tensor.name),
    )


def _rows(name: str) -> RowFunction:
    def rows(reader: WeightReader, start: int, stop: int) -> RowBlock:
        return RowBlock("RAW", reader.read(name, start, stop))

    return rows


def _shape(tensor: GgufTensor) -> tuple[int, ...]:
    return tensor.shape or (1,)


def _original(tensors: Sequence[GgufTensor]) -> str:
    """The plain type of the first matrix that has one."""
    kinds = (tensor.type for tensor in tensors if len(tensor.shape) > 1 and tensor.type in _FLOATS)
    return next(kinds, GgmlType.F16).name.lower()


def _warnings(tensors: Sequence[GgufTensor]) -> tuple[tuple[str, dict[str, Any]], ...]:
    small = Counter[GgmlType]()
    for tensor in tensors:
        if tensor.type.block_elements > 1:
            small[tensor.type] += tensor.elements
    return (("requantized", {"stored_as": small.most_common(1)[0][0].name}),) if small else ()
