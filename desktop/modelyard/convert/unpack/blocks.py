"""Four-bit floats (E2M1) moved into ggml's own blocks without loss: MXFP4 and NVFP4 (ggml/src/ggml-common.h).

As conversion/base.py, repack_mxfp4_blocks and _nvfp4_pack, and conversion/gpt_oss.py, transform_nibble_layout.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def mxfp4_blocks(packed: NDArray[Any], scale: NDArray[Any]) -> NDArray[np.uint8]:
    """Rows of ggml MXFP4 from rows of packed codes (low nibble first) and their E8M0 scales.

    packed: uint8 (rows, columns / 2); scale: uint8 (rows, columns / 32). Returns uint8 (rows, columns / 32 × 17).
    Serves gpt-oss too: its `_blocks` (…, columns / 32, 16) lie the same way once the last two dimensions are one.
    """
    rows, groups = scale.shape
    halves = packed.view(np.uint8).reshape(rows, groups, 2, 8)
    # In the file byte i of a block holds elements 2i, 2i + 1; in ggml byte j holds elements j and j + 16.
    elements = np.stack([halves & np.uint8(15), halves >> np.uint8(4)], axis=-1).reshape(rows, groups, 2, 16)
    blocks = np.empty((rows, groups, 17), dtype=np.uint8)
    blocks[:, :, 0] = scale.view(np.uint8)
    blocks[:, :, 1:] = elements[:, :, 0] | elements[:, :, 1] << np.uint8(4)
    return blocks.reshape(rows, groups * 17)


def nvfp4_blocks(packed: NDArray[Any], scale: NDArray[Any]) -> NDArray[np.uint8]:
    """Rows of ggml NVFP4 (super-blocks of 64: four scales without sign bit, 32 bytes of codes) from rows of packed
    codes (low nibble first) and their E4M3 scales. The tensor's factor is not part of it.

    packed: uint8 (rows, columns / 2); scale: uint8 (rows, columns / 16), columns a multiple of 64.
    Returns uint8 (rows, columns / 64 × 36).
    """
    rows, groups = scale.shape
    halves = packed.view(np.uint8).reshape(rows, groups, 2, 4)
    elements = np.stack([halves & np.uint8(15), halves >> np.uint8(4)], axis=-1).reshape(rows, groups, 2, 8)
    blocks = np.empty((rows, groups // 4, 36), dtype=np.uint8)
    blocks[:, :, :4] = (scale.view(np.uint8) & np.uint8(0x7F)).reshape(rows, groups // 4, 4)
    codes = elements[:, :, 0] | elements[:, :, 1] << np.uint8(4)
    blocks[:, :, 4:] = codes.reshape(rows, groups // 4, 32)
    return blocks.reshape(rows, groups // 4 * 36)


def nvfp4_groups(blocks: NDArray[np.uint8], groups: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Rows of ggml NVFP4 with their groups of 16 weights in another order."""
    parts = blocks.reshape(len(blocks), -1, 36)
    scales = parts[:, :, :4].reshape(len(blocks), -1)[:, groups]
    codes = parts[:, :, 4:].reshape(len(blocks), -1, 8)[:, groups]
    moved = np.empty((len(blocks), len(groups) // 4, 36), dtype=np.uint8)
    moved[:, :, :4] = scales.reshape(len(blocks), -1, 4)
    moved[:, :, 4:] = codes.reshape(len(blocks), -1, 32)
    return moved.reshape(len(blocks), -1)
