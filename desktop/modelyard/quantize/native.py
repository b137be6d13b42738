"""Our own kernels (desktop/kernels), compiled when the package was built: the bytes of ggml, several times faster.

There is a library for each processor level; the one this processor runs is chosen when first needed. Where none loads,
ggml's kernels (and numpy, for merging add-ons) do the work, and the log says so.
"""

from __future__ import annotations

import ctypes
import functools
import logging
import os
import sys
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..formats.ggml_types import GgmlType

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

VARIANT_VARIABLE = "MODELYARD_KERNELS"  # "ggml", or the name of a variant, for tests and measurements
FOLDER = Path(__file__).resolve().parent / "compiled"

_PANEL = 32  # columns the product works on at once, at most (product.c)
_BY_LEVEL = {4: ("v4", "v3", "baseline"), 3: ("v3", "baseline")}
_SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
_log = logging.getLogger(__name__)


class Outcome(IntEnum):
    """What a kernel says (kernels.h)."""

    DONE = 0
    NOT_FINITE = 1
    TOO_LARGE = 2
    UNSUPPORTED = 3


def convert(
    source: GgmlType,
    rows: NDArray[numpy.generic],
    kind: GgmlType,
    out: NDArray[numpy.uint8],
    importance: NDArray[numpy.float32] | None,
) -> Outcome:
    """Rows of F32, F16 or BF16 to `kind`, without a copy in between.

    `rows` and `out` (rows, bytes a row) are contiguous; `importance` has one weight a column. `out` is undefined unless
    DONE; UNSUPPORTED leaves the work to ggml.
    """
    library = _library()
    if library is None:
        return Outcome.UNSUPPORTED
    columns = out.shape[1] // kind.block_bytes * kind.block_elements
    weights = importance.ctypes.data if importance is not None else None
    return Outcome(
        library.modelyard_convert(int(source), rows.ctypes.data, int(kind), out.ctypes.data, len(out), columns, weights)
    )


def add_product(
    dtype: str, rows: NDArray[Any], left: NDArray[numpy.float32], right: NDArray[numpy.float32]
) -> NDArray[numpy.float32]:
    """As convert/product.py's, several times faster."""
    import numpy

    from ..convert import product
    from ..convert.weights import to_float32

    library = _library()
    if library is None:
        return product.add_product(dtype, rows, left, right)
    if dtype not in ("F32", "F16", "BF16"):
        dtype, rows = "F32", to_float32(rows, dtype)
    (count, columns), rank = rows.shape, len(right)
    stored, turned, flat = (numpy.ascontiguousarray(each) for each in (rows, left.T, right))
    panel = numpy.empty(rank * _PANEL, numpy.float32)
    total = numpy.empty((count, columns), numpy.float32)
    arrays = (each.ctypes.data for each in (stored, turned, flat, panel, total))
    library.modelyard_add_product(int(GgmlType[dtype]), *arrays, count, columns, rank)
    return total


@functools.cache
def _library() -> Any | None:
    wanted = os.environ.get(VARIANT_VARIABLE)
    if wanted == "ggml":
        return None
    try:
        for name in (wanted,) if wanted else variants():
            path = library_path(name)
            if path.is_file():
                library = load(path)
                _log.info("quantization kernels: %s", path.name)
                return library
        _log.warning("no compiled quantization kernels: using those of ggml, which are slower")
    except OSError as error:
        _log.warning("quantization kernels do not load, using those of ggml, which are slower: %s", error)
    return None


def load(path: Path) -> Any:
    """A library of kernels, ready to be called. Raises OSError."""
    library = ctypes.CDLL(str(path))
    library.modelyard_convert.restype = ctypes.c_int
    library.modelyard_convert.argtypes = (
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_int64,
        ctypes.c_int64,
        ctypes.c_void_p,
    )
    if not hasattr(library, "modelyard_add_product"):
        raise OSError(f"{path.name} was compiled for an older version: install Modelyard again")
    library.modelyard_add_product.restype = ctypes.c_int
    library.modelyard_add_product.argtypes = (ctypes.c_int, *[ctypes.c_void_p] * 5, *[ctypes.c_int64] * 3)
    return library


def library_path(variant: str) -> Path:
    """Where the library of a variant stands, if it was built."""
    return FOLDER / f"kernels-{variant}{_SUFFIX}"


def variants() -> tuple[str, ...]:
    """What this processor runs, fastest first; none if the kernels were not built. Raises OSError."""
    baseline = library_path("baseline")
    if not baseline.is_file():
        return ()
    return _BY_LEVEL.get(load(baseline).modelyard_level(), ("baseline",))
