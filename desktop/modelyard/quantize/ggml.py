"""ggml's own row functions, from the PyPI package libggml-python, through ctypes (which releases the GIL).

They are the reference: whatever the compiled kernels of desktop/kernels do, these do the same, slower.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Code, ModelyardError
from ..formats.ggml_types import GgmlType

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

_FLOATS = {GgmlType.F16: "ggml_fp16_to_fp32_row", GgmlType.BF16: "ggml_bf16_to_fp32_row"}


def quantize_rows(
    kind: GgmlType, rows: NDArray[numpy.float32], out: NDArray[numpy.uint8], importance: NDArray[numpy.float32] | None
) -> None:
    """Float32 rows (rows, columns), contiguous, to blocks of `kind` in `out`. `importance`: one weight a column.

    Raises QUANTIZER_MISSING.
    """
    count, columns = rows.shape
    written = _library().ggml_quantize_chunk(
        int(kind),
        rows.ctypes.data,
        out.ctypes.data,
        0,
        count,
        columns,
        importance.ctypes.data if importance is not None else None,
    )
    assert written == out.nbytes, f"{kind.name}: {written} bytes, not {out.nbytes}"


def prepare(kind: GgmlType) -> None:
    """Builds the tables of a type, which takes seconds for the smallest; quantize_rows would do it when first called.

    Raises QUANTIZER_MISSING.
    """
    _library().ggml_quantize_init(ctypes.c_int(kind))


def valid_blocks(kind: GgmlType, blocks: NDArray[numpy.uint8]) -> bool:
    """False if a block holds NaN or infinity where a scale or weight stands. Raises QUANTIZER_MISSING."""
    return bool(_library().ggml_validate_row_data(int(kind), blocks.ctypes.data, blocks.nbytes))


def to_float32(kind: GgmlType, blocks: NDArray[numpy.uint8], columns: int) -> NDArray[numpy.float32]:
    """Rows of bytes (rows, bytes a row) in type `kind` as float32 rows (rows, columns). Raises QUANTIZER_MISSING."""
    import numpy

    result = numpy.empty((len(blocks), columns), dtype=numpy.float32)
    function = getattr(_library(), _FLOATS.get(kind, f"dequantize_row_{kind.name.lower().replace('_k', '_K')}"))
    function(ctypes.c_void_p(blocks.ctypes.data), ctypes.c_void_p(result.ctypes.data), ctypes.c_int64(result.size))
    return result


@functools.cache
def _library() -> Any:
    """libggml-base, loaded once. Raises QUANTIZER_MISSING."""
    try:
        library = ctypes.CDLL(str(_library_path()))
    except OSError as error:
        raise ModelyardError(Code.QUANTIZER_MISSING, detail=str(error)) from error
    library.ggml_quantize_chunk.restype = ctypes.c_size_t
    library.ggml_quantize_chunk.argtypes = (
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_int64,
        ctypes.c_int64,
        ctypes.c_int64,
        ctypes.c_void_p,
    )
    library.ggml_validate_row_data.restype = ctypes.c_bool
    library.ggml_validate_row_data.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)
    return library


def _library_path() -> Path:
    """Where the wheel keeps it: lib, lib64 or bin below the package. Raises FileNotFoundError."""
    spec = importlib.util.find_spec("libggml")
    names = {"win32": "ggml-base.dll", "darwin": "libggml-base.dylib"}
    name = names.get(sys.platform, "libggml-base.so")
    for folder in spec.submodule_search_locations or [] if spec else []:
        for found in sorted(Path(folder).glob(f"*/*{name}")):
            return found
    raise FileNotFoundError(name)
