"""Rows of weights plus the product of two thin matrices: the arithmetic of merging an add-on, in float32."""

from __future__ import annotations

import os
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .weights import to_float32

# A stripe of rows stays in the processor's cache until the weights are added. Where OpenBLAS may start threads of its
# own under the writer's, tiles are kept below its threshold (interface/gemm.c, 4 × 65536); whole rows are cheaper.
_STRIPE_ROWS = 128
_TILE_WORK = None if os.environ.get("OPENBLAS_NUM_THREADS") == "1" else 4 * 65536


class AddProduct(Protocol):
    def __call__(
        self, dtype: str, rows: NDArray[Any], left: NDArray[np.float32], right: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """rows + left × right. rows: (count, columns), stored as `dtype` (a safetensors name); left: (count, rank);
        right: (rank, columns). Thread-safe."""
        ...


def add_product(
    dtype: str, rows: NDArray[Any], left: NDArray[np.float32], right: NDArray[np.float32]
) -> NDArray[np.float32]:
    """An AddProduct with numpy alone; quantize/native.py has a faster one where kernels are compiled."""
    count, columns = rows.shape
    total = np.empty((count, columns), np.float32)
    wide = max(16, _TILE_WORK // (_STRIPE_ROWS * len(right))) if _TILE_WORK else columns
    with np.errstate(over="ignore", invalid="ignore"):  # what is no number is found when it is written
        for top in range(0, count, _STRIPE_ROWS):
            stripe, factors = total[top : top + _STRIPE_ROWS], left[top : top + _STRIPE_ROWS]
            for at in range(0, columns, wide):
                np.matmul(factors, right[:, at : at + wide], out=stripe[:, at : at + wide])
            stripe += to_float32(rows[top : top + _STRIPE_ROWS], dtype)
    return total
