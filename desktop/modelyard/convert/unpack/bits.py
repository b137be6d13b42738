"""Small integers packed into machine words, least significant bits first, along the last dimension."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def unpack_fields(words: NDArray[Any], bits: int) -> NDArray[np.int32]:
    """Fields that do not cross words: 32 // bits of them in each 32-bit word, the rest of the word unused.

    words: shape (…, W), any integer type. Returns shape (…, W × (word bits // bits)), values 0 … 2^bits − 1.
    """
    unsigned = np.ascontiguousarray(words).view(f"u{words.dtype.itemsize}")
    shifts = np.arange(0, unsigned.dtype.itemsize * 8 - bits + 1, bits, dtype=unsigned.dtype)
    fields = (unsigned[..., None] >> shifts) & unsigned.dtype.type((1 << bits) - 1)
    return fields.astype(np.int32).reshape(*words.shape[:-1], words.shape[-1] * len(shifts))


def unpack_stream(words: NDArray[Any], bits: int) -> NDArray[np.int32]:
    """Fields that run on across 32-bit words (GPTQ's 3 bits: 32 values in 3 words).

    words: shape (…, W) of 32-bit integers, W a multiple of `bits`. Returns shape (…, W × 32 // bits).
    """
    if 32 % bits == 0:
        return unpack_fields(words, bits)
    unsigned = np.ascontiguousarray(words).view(np.uint32).reshape(*words.shape[:-1], -1, bits)
    wide = unsigned.astype(np.uint64)
    wide[..., :-1] |= wide[..., 1:] << np.uint64(32)  # each word with its successor above it
    at = np.arange(32) * bits
    fields = (wide[..., at // 32] >> (at % 32).astype(np.uint64)) & np.uint64((1 << bits) - 1)
    return fields.astype(np.int32).reshape(*words.shape[:-1], words.shape[-1] * 32 // bits)


def aligned(start: int, stop: int, step: int, limit: int) -> tuple[int, int]:
    """The range widened to multiples of `step`, at most `limit`."""
    return start // step * step, min(limit, -(-stop // step) * step)
