"""Rows of weights of every kind that has broken a quantizer: what models have, and what they should not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Rows = NDArray[np.float32]


def _bits(random: Generator, rows: int, columns: int) -> Rows:
    """Any float32 there is, but NaN and infinity."""
    values = random.integers(0, 2**32, (rows, columns), dtype=np.uint64).astype(np.uint32).view(np.float32)
    return np.where(np.isfinite(values), values, np.float32(0))


def _normal(random: Generator, rows: int, columns: int) -> Rows:
    return random.standard_normal((rows, columns), dtype=np.float32)


def _scaled_blocks(random: Generator, rows: int, columns: int) -> Rows:
    """Sub-blocks of very different sizes side by side: some scales round to 0."""
    scales = np.float32(10) ** random.integers(-9, 3, (rows, columns // 16, 1)).astype(np.float32)
    return (_normal(random, rows, columns).reshape(rows, -1, 16) * scales).reshape(rows, columns)


def _outliers(random: Generator, rows: int, columns: int) -> Rows:
    far = random.random((rows, columns)) < 0.004
    return np.where(far, 30 * _normal(random, rows, columns), _normal(random, rows, columns) / 100)


def _spans(random: Generator, rows: int, columns: int, low: int, high: int) -> Rows:
    """Magnitudes over many powers of ten."""
    powers = 10.0 ** random.integers(low, high, (rows, columns))
    return (random.standard_normal((rows, columns)) * powers).astype(np.float32)


def _one_hot(random: Generator, rows: int, columns: int) -> Rows:
    result = np.zeros((rows, columns), np.float32)
    result[np.arange(rows), random.integers(0, columns, rows)] = _normal(random, rows, 1)[:, 0]
    return result


DISTRIBUTIONS: dict[str, Callable[[Generator, int, int], Rows]] = {
    "normal": lambda random, rows, columns: _normal(random, rows, columns) * np.float32(0.02),
    "heavy": lambda random, rows, columns: random.standard_t(2, (rows, columns)).astype(np.float32),
    "sparse": lambda random, rows, columns: np.where(
        random.random((rows, columns)) < 0.05, _normal(random, rows, columns), np.float32(0)
    ),
    "quantised": lambda random, rows, columns: (random.integers(-8, 8, (rows, columns)) * 0.013).astype(np.float32),
    "constant": lambda random, rows, columns: np.repeat(_normal(random, rows, 1), columns, axis=1),
    "positive": lambda random, rows, columns: np.abs(_normal(random, rows, columns)),
    "negative": lambda random, rows, columns: -1 - np.abs(_normal(random, rows, columns)),
    "zero": lambda random, rows, columns: np.zeros((rows, columns), np.float32),
    "denormal": lambda random, rows, columns: _normal(random, rows, columns) * np.float32(1e-39),
    "tiny": lambda random, rows, columns: _spans(random, rows, columns, -45, -10),
    "wide": lambda random, rows, columns: _spans(random, rows, columns, 0, 20),
    "large": lambda random, rows, columns: _normal(random, rows, columns) * np.float32(1e4),
    "blocks": _scaled_blocks,
    "offset": lambda random, rows, columns: (
        _normal(random, rows, columns) * np.float32(1e-6) + _normal(random, rows, 1)
    ),
    "outliers": _outliers,
    "bits": _bits,
    "one hot": _one_hot,
    "two values": lambda random, rows, columns: np.where(
        random.random((rows, columns)) < 0.5, _normal(random, rows, 1), _normal(random, rows, 1)
    ),
}
