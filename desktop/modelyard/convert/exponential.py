"""exp in float32, to the last bit as the reference converter computes it (torch on x86-64: the vector mathematics of
Intel's MKL). Found by comparison: 2^(j/128) from a table in two parts, a remainder below ln 2 / 256, two terms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_STEPS = 128
_STEP_HIGH = np.array([0x3BB18000], dtype=np.uint32).view(np.float32)[0]  # few bits: its multiples are exact
_STEP_LOW = np.float32(np.log(2) / _STEPS - float(_STEP_HIGH))
_POWERS = np.exp2(np.arange(_STEPS) / _STEPS)
_HIGH = _POWERS.astype(np.float32)
_LOW = (_POWERS - _HIGH).astype(np.float32)
_LARGEST = np.float32(80)  # beyond, weights make no sense and the reference takes other ways


def exponential(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """e to the power of each value. Every step is a float32 operation; none may be fused."""
    usual = np.abs(values) <= _LARGEST
    small = np.where(usual, values, np.float32(0))
    steps = np.rint(small * np.float32(_STEPS / np.log(2)))
    whole = steps.astype(np.int32)
    rest = (small - steps * _STEP_HIGH) - steps * _STEP_LOW
    growth = rest + rest * rest * np.float32(0.5)
    high, low = _HIGH[whole % _STEPS], _LOW[whole % _STEPS]
    result = np.ldexp(high + (high * growth + low), whole // _STEPS).astype(np.float32)
    with np.errstate(over="ignore"):
        return np.where(usual, result, np.exp(values))
