"""Rows of weights in, bytes of the file out: compiled kernels where they load, ggml everywhere else.

Both give the same bytes. A weight that is NaN or infinite, or too large for the type, is an error here and not a
silent hole in the model, as llama-quantize validates what it reads and writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..convert.content import RowBlock
from ..errors import Code, ModelyardError
from ..formats.ggml_types import GgmlType
from . import ggml, native
from .recipes import TensorPlan

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

_PLAIN = {"F32": GgmlType.F32, "F16": GgmlType.F16, "BF16": GgmlType.BF16}


def encode(
    block: RowBlock, plan: TensorPlan, out: NDArray[numpy.uint8], importance: NDArray[numpy.float32] | None
) -> NDArray[numpy.uint8]:
    """The rows of `block` as the plan wants them, as bytes.

    `out`: shape (rows, bytes a row), contiguous, takes the result unless the block has it already. `importance`: one
    weight a column. Raises WEIGHTS_NOT_FINITE, WEIGHTS_TOO_LARGE, QUANTIZER_MISSING.
    """
    import numpy

    tensor, kind = plan.job.name, plan.type
    source = plan.source if block.dtype == "RAW" else _PLAIN[block.dtype]
    data = numpy.ascontiguousarray(block.data)
    if plan.through is not None and source is not plan.through:
        rounded = numpy.empty((len(data), plan.through.row_bytes(data.shape[1])), dtype=numpy.uint8)
        data, source = _convert(source, data, plan.through, rounded, None, tensor), plan.through
    if source is kind:
        return _checked(kind, _bytes_of(data), kind, tensor)
    return _convert(source, data, kind, out, importance, tensor)


def _convert(
    source: GgmlType,
    data: NDArray[numpy.generic],
    kind: GgmlType,
    out: NDArray[numpy.uint8],
    importance: NDArray[numpy.float32] | None,
    tensor: str,
) -> NDArray[numpy.uint8]:
    outcome = native.convert(source, data, kind, out, importance)
    if outcome is native.Outcome.DONE:
        return out
    if outcome is native.Outcome.NOT_FINITE:
        raise ModelyardError(Code.WEIGHTS_NOT_FINITE, tensor=tensor)
    if outcome is native.Outcome.TOO_LARGE:
        raise ModelyardError(Code.WEIGHTS_TOO_LARGE, tensor=tensor, type=kind.name)
    rows = _checked(source, _bytes_of(data), source, tensor)
    columns = out.shape[1] // kind.block_bytes * kind.block_elements
    floats = rows.view("<f4") if source is GgmlType.F32 else ggml.to_float32(source, rows, columns)
    ggml.quantize_rows(kind, floats, out, importance)
    return _checked(kind, out, source, tensor)


def _checked(kind: GgmlType, blocks: NDArray[numpy.uint8], source: GgmlType, tensor: str) -> NDArray[numpy.uint8]:
    """The blocks, if every weight or scale in them is a number. In a result this means that a weight was too large."""
    if ggml.valid_blocks(kind, blocks):
        return blocks
    if kind is source:
        raise ModelyardError(Code.WEIGHTS_NOT_FINITE, tensor=tensor)
    raise ModelyardError(Code.WEIGHTS_TOO_LARGE, tensor=tensor, type=kind.name)


def _bytes_of(data: NDArray[numpy.generic]) -> NDArray[numpy.uint8]:
    import numpy

    return data.view(numpy.uint8).reshape(len(data), -1)
