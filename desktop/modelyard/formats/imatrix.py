"""Importance matrices of llama.cpp, in GGUF form and in the older .dat form (common/imatrix-loader.cpp), with the
numbers llama-quantize makes of them (tools/quantize/quantize.cpp, load_imatrix)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Code, ModelyardError
from .ggml_types import GgmlType
from .gguf import MAGIC, read_array, read_header
from .gguf_values import GgufHeader, GgufTensor, readable
from .source import ByteSource, FileSource

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAX_BYTES = 4 << 30  # those of the largest models have about one gigabyte, all of which is kept in memory
_MAX_ENTRIES = 200_000
_MAX_NAME = 1024
_DATASETS, _CHUNKS, _CHUNK_SIZE = "imatrix.datasets", "imatrix.chunk_count", "imatrix.chunk_size"


@dataclass(frozen=True)
class Imatrix:
    """`weights`: GGUF tensor name → one float32 a column, for stacked experts expert after expert. `dataset`: what it
    was measured on, "" if not told; `chunks`: on how many pieces of text."""

    weights: Mapping[str, NDArray[np.float32]]
    dataset: str
    chunks: int


def read_imatrix(path: Path) -> Imatrix:
    """Raises FILE_MISSING, FILE_UNREADABLE, FILE_TOO_BIG, IMATRIX_INVALID."""
    import numpy as np

    with FileSource(path) as source, np.errstate(all="ignore"):  # what is not finite is refused in the end
        if source.size > _MAX_BYTES:
            raise ModelyardError(Code.FILE_TOO_BIG, name=source.name, size_bytes=source.size, limit_bytes=_MAX_BYTES)
        try:
            return _read_gguf(source) if source.read_at(0, 4) == MAGIC else _read_legacy(source)
        except ModelyardError as error:
            if error.code.value.startswith("gguf_"):
                raise _invalid(source, str(error.fields.get("detail") or error.code.value)) from error
            raise


def _read_gguf(source: ByteSource) -> Imatrix:
    import numpy as np

    header = read_header(source)
    if not all(key in header.metadata for key in (_DATASETS, _CHUNKS, _CHUNK_SIZE)):
        raise _invalid(source, "no importance matrix")
    tensors = {tensor.name: tensor for tensor in header.tensors}
    names = [name.removesuffix(".in_sum2") for name in tensors if name.endswith(".in_sum2")]
    weights: dict[str, NDArray[np.float32]] = {}
    for name in names:
        sums = _numbers(source, tensors[f"{name}.in_sum2"])
        counted = tensors.get(f"{name}.counts")
        if counted is None:
            raise _invalid(source, f"{name[:80]}: no counts")
        counts = np.floor(_numbers(source, counted) + np.float32(0.5))
        if not counts.size or sums.size % counts.size:
            raise _invalid(source, f"{name[:80]}: {sums.size} sums for {counts.size} counts")
        rows = sums.reshape(counts.size, -1)
        # An expert that no text reached counts as if all its columns mattered alike.
        seen = counts > 0
        means = np.divide(rows, np.where(seen, counts, 1)[:, None], dtype=np.float32)
        weights[name] = np.where(seen[:, None], means, np.float32(1)).reshape(-1)
    return _checked(source, weights, _first_dataset(source, header), header.integer(_CHUNKS) or 0)


def _checked(source: ByteSource, weights: dict[str, NDArray[np.float32]], dataset: str, chunks: int) -> Imatrix:
    import numpy as np

    if not weights:
        raise _invalid(source, "no importance matrix")
    for name, values in weights.items():
        if not np.isfinite(values).all():
            raise _invalid(source, f"{name[:80]}: not a finite number")
    return Imatrix(weights, dataset, max(0, chunks))


def _numbers(source: ByteSource, tensor: GgufTensor) -> NDArray[np.float32]:
    import numpy as np

    if tensor.type is not GgmlType.F32:
        raise _invalid(source, f"{tensor.name[:80]}: {tensor.type.name}")
    return np.frombuffer(source.read_at(tensor.offset, tensor.nbytes), "<f4")


def _first_dataset(source: ByteSource, header: GgufHeader) -> str:
    entry = header.metadata[_DATASETS]
    names = read_array(source, entry) if entry.count else []
    return readable(names[0]) if isinstance(names, list) and names else ""


def _read_legacy(source: ByteSource) -> Imatrix:
    """int32 number of entries; for each name, number of calls, values; then number of chunks and the dataset's name."""
    import numpy as np

    reader = _Reader(source)
    weights: dict[str, NDArray[np.float32]] = {}
    for _ in range(reader.count(1, _MAX_ENTRIES)):
        name = reader.take(reader.count(1, _MAX_NAME)).decode("utf-8", "replace")
        calls = reader.count(-(1 << 31), 1 << 31)
        values = np.frombuffer(reader.take(4 * reader.count(1, source.size // 4)), "<f4")
        weights[name] = np.divide(values, max(1, calls), dtype=np.float32)
    chunks, dataset = 0, ""
    if not reader.at_end:  # files of the first months end here
        chunks = reader.count(-(1 << 31), 1 << 31)
        if not reader.at_end:
            dataset = reader.take(reader.count(0, source.size)).split(b"\0")[0].decode("utf-8", "replace")
    return _checked(source, weights, dataset, chunks)


class _Reader:
    """Bounded reading from front to back."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at >= self._source.size

    def take(self, count: int) -> bytes:
        if self._at + count > self._source.size:
            raise _invalid(self._source, "cut off")
        data = self._source.read_at(self._at, count)
        self._at += count
        return data

    def count(self, least: int, most: int) -> int:
        (value,) = struct.unpack("<i", self.take(4))
        if not least <= value <= most:
            raise _invalid(self._source, "no importance matrix")
        return int(value)


def _invalid(source: ByteSource, detail: str) -> ModelyardError:
    return ModelyardError(Code.IMATRIX_INVALID, name=source.name, detail=detail)
