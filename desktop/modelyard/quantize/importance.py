"""The importance matrix: how much each input column of each tensor matters, measured by running a model on text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..convert.content import MetadataEntry, ValueType
from ..errors import Code, ModelyardError
from .categories import Category, category_of

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from .layout import PlacedTensor

_MAX_TEXT_BYTES = 127  # llama_model_kv_override keeps 127 bytes of a string


@dataclass(frozen=True)
class ImportanceMatrix:
    """`weights`: for each GGUF tensor name one float32 a column; for stacked experts one row of columns an expert,
    flattened. `file`, `dataset` and `chunks` tell where it comes from and go into the metadata."""

    weights: Mapping[str, NDArray[numpy.float32]]
    file: str
    dataset: str = ""
    chunks: int = 0

    def metadata(self) -> tuple[MetadataEntry, ...]:
        """The keys that llama-quantize adds, in its order."""
        entries = [MetadataEntry("quantize.imatrix.file", ValueType.STRING, _cut(self.file))]
        if self.dataset:
            entries.append(MetadataEntry("quantize.imatrix.dataset", ValueType.STRING, _cut(self.dataset)))
        entries.append(MetadataEntry("quantize.imatrix.entries_count", ValueType.UINT32, len(self.weights)))
        if self.chunks > 0:
            entries.append(MetadataEntry("quantize.imatrix.chunks_count", ValueType.UINT32, self.chunks))
        return tuple(entries)

    def of(self, tensor: PlacedTensor) -> NDArray[numpy.float32] | None:
        """The weights of a tensor, shape (experts, columns), None if there are none for it.

        Raises IMPORTANCE_MISMATCH where they are of another size: the matrix is of another model.
        """
        weights = self.weights.get(tensor.job.name)
        if weights is None:
            return None
        experts = tensor.job.shape[-3] if len(tensor.job.shape) > 2 else 1
        if weights.size == experts * tensor.columns:
            return weights.reshape(experts, tensor.columns)
        if category_of(tensor.job.name) is Category.TOKEN_EMBEDDING:  # llama-quantize goes without, too
            return None
        raise ModelyardError(Code.IMPORTANCE_MISMATCH, tensor=tensor.job.name)


def _cut(text: str) -> str:
    return text.encode()[:_MAX_TEXT_BYTES].decode("utf-8", "ignore")
