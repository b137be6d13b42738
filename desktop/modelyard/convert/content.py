"""The content of a GGUF before it is a file: ordered metadata and lazy tensors.

Everything here is known from headers alone; a job reads weights only when the writer asks for rows. convert/ makes
GgufContent, quantize/ chooses types, computes the layout and writes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from numpy.typing import NDArray

from ..formats.ggml_types import GgmlType
from ..formats.gguf_values import ValueType

__all__ = ["GgufContent", "MetadataEntry", "RowBlock", "RowFunction", "TensorJob", "ValueType", "WeightReader"]


@dataclass(frozen=True)
class MetadataEntry:
    """One key. For ARRAY, `value` is a sequence (list, tuple, bytes or ndarray) and `element` its element type."""

    key: str
    type: ValueType
    value: Any
    element: ValueType | None = None


class WeightReader(Protocol):
    """Reads checkpoint tensors. Thread-safe. `read` returns rows [start, stop) of the tensor seen as a matrix whose
    rows are its last dimension, in the stored type: float32/float16/float64/int*, BF16 as uint16, FP8 as uint8.
    It may block while a shard is still being downloaded."""

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]: ...


@dataclass(frozen=True)
class RowBlock:
    """Rows ready for the quantizer. dtype "F32" (float32), "F16" (float16), "BF16" (uint16) with shape
    (rows, columns); or "RAW" (uint8, shape (rows, bytes a row)): already in the job's fixed type."""

    dtype: str
    data: NDArray[Any]


RowFunction = Callable[[WeightReader, int, int], RowBlock]


@dataclass(frozen=True)
class TensorJob:
    """One tensor of the result.

    shape: row-major (numpy order; the last number is the row length; GGUF stores it reversed).
    sources: checkpoint tensors it needs, for the order of reading and of download.
    source_dtype: "F32", "F16", "BF16", … of the main source before dequantisation.
    fixed_type: the type it must have whatever the size (always-F32 rules, MXFP4 passed through); None = by recipe.
    rows: rows [start, stop) of the result seen as a matrix (product of all but the last dimension) × last dimension.
    whole: True if any rows need the whole source (a transposition): the writer then asks for all rows at once.
    """

    name: str
    shape: tuple[int, ...]
    sources: tuple[str, ...]
    source_dtype: str
    rows: RowFunction
    fixed_type: GgmlType | None = None
    whole: bool = False


@dataclass(frozen=True)
class GgufContent:
    """Everything the writer needs. `metadata` is in file order and complete but for general.file_type and
    general.quantization_version, whose values the recipe decides; `file_type_index` is where general.file_type goes
    in `metadata` (counted without it; -1: the reference writes none), `version_index` where quantization_version does
    (counted without both; -1: before the vocabulary). `tensors` in file order. `original`: the outtype llama.cpp's
    `auto` would choose ("f32", "f16", "bf16"). `kept`: the content as the converter's own sizes have it, if that is
    another one (NVFP4 weights stay in their blocks there)."""

    architecture: str
    metadata: tuple[MetadataEntry, ...]
    tensors: tuple[TensorJob, ...]
    original: str
    file_type_index: int
    warnings: tuple[tuple[str, dict[str, Any]], ...] = field(default=())
    version_index: int = -1
    kept: GgufContent | None = None

    def written_by(self, *, converter: bool) -> GgufContent:
        """The content of a file by the rules of the converter, or of llama-quantize."""
        return self.kept if converter and self.kept is not None else self
