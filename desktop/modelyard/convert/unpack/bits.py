"""Small integers packed into machine words, least significant bits first, along the last dimension."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import Code, ModelyardError
from ...formats.checkpoint import RowReader
from ...formats.checkpoint_tensor import StoredTensor


def unpack_fields(words: NDArray[Any], bits: int) -> NDArray[np.int32]:
    """Fields that do not cross words: 32 // bits of them in each 32-bit word, the rest of the word unused.

    words: shape (…, W), any integer type. Returns shape (…, W × (word bits // bits)), values 0 … 2^bits − 1.
    """
    unsigned = np.ascontiguousarray(words).view(f"u{words.dtype.itemsize}")
    shifts = np.arange(0, unsigned.dtype.itemsize * 8 - bits + 1, bits, dtype=unsigned.dtype)
    fields = (unsigned[..., None] >> shifts) & unsigned.dtype.type((1 << bits) - 1)
    found: NDArray[np.int32] = fields.astype(np.int32).reshape(*words.shape[:-1], words.shape[-1] * len(shifts))
    return found


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


def per_byte(packed: NDArray[Any], table: NDArray[Any]) -> NDArray[Any]:
    """The numbers each byte stands for, one after another along the last dimension.

    packed: any shape and type, contiguous. table: shape (256, k), k numbers of together 1, 2, 4, 8 or 16 bytes: those
    are copied as one element, many times faster than as a row.
    """
    unit = np.dtype({1: "u1", 2: "u2", 4: "u4", 8: "u8", 16: "c16"}[table.shape[1] * table.itemsize])
    values = np.take(np.ascontiguousarray(table).view(unit).reshape(256), np.ascontiguousarray(packed).view(np.uint8))
    return values.view(table.dtype)


def field_table(bits: int, dtype: Any = np.float32) -> NDArray[Any]:
    """For per_byte: the 8 // bits integers in a byte, low ones first. bits: 1, 2, 4 or 8."""
    shifts = np.arange(0, 8, bits)
    return ((np.arange(256)[:, None] >> shifts) & ((1 << bits) - 1)).astype(dtype)


def integers_of(words: NDArray[Any], bits: int) -> NDArray[np.float32]:
    """Packed integers as float32, along the last dimension; words: 32-bit, see unpack_stream."""
    if bits == 1:
        return per_byte(words, field_table(bits, np.uint8)).astype(np.float32)
    if 8 % bits == 0:
        return per_byte(words, field_table(bits))
    return unpack_stream(words, bits).astype(np.float32)


def read_groups(reader: RowReader, g_idx: StoredTensor, groups: int) -> NDArray[Any]:
    """The group of each column as act-order files number them; negative numbers count from the end.

    Raises PACKING_INVALID for one that there is none of.
    """
    stored = reader.read(g_idx.name, 0, g_idx.rows).reshape(-1)
    wrong = stored[(stored >= groups) | (stored < -groups)]
    if len(wrong):
        detail = f"{int(wrong[0])} of {groups}"
        raise ModelyardError(Code.PACKING_INVALID, name=g_idx.shard, tensor=g_idx.name, detail=detail)
    return stored


def scale_groups(
    values: NDArray[np.float32],
    zeros: NDArray[np.float32] | np.float32 | None,
    scales: NDArray[np.float32],
    group: NDArray[Any] | None,
) -> NDArray[np.float32]:
    """(values − zeros) × scales; `values` is used up.

    values: (rows, columns). zeros, scales: (rows, groups), zeros also one number or None. group: the group of each
    column; None: groups of equal length in order.
    """
    if group is not None:
        if isinstance(zeros, np.ndarray):
            values -= np.take(zeros, group, axis=1)
        elif zeros is not None:
            values -= zeros
        values *= np.take(scales, group, axis=1)
        return values
    parts = values.reshape(len(values), scales.shape[1], -1)
    if isinstance(zeros, np.ndarray):
        parts -= zeros[:, :, None]
    elif zeros is not None:
        parts -= zeros
    parts *= scales[:, :, None]
    return parts.reshape(values.shape)  # a copy's own, where values was part of something wider


def aligned(start: int, stop: int, step: int, limit: int) -> tuple[int, int]:
    """The range widened to multiples of `step`, at most `limit`."""
    return start // step * step, min(limit, -(-stop // step) * step)
