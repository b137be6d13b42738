"""Our own kernels (desktop/kernels), compiled when the package was built; absent is allowed."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from ..formats.ggml_types import GgmlType

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


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
    return Outcome.UNSUPPORTED
