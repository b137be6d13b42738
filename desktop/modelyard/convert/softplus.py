"""softplus in float32, to the last bit as the reference converter computes it (torch on x86-64: exp and log1p of the
SLEEF library, where products are added unrounded). Found by comparison with a million values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float32]
_ONE, _TWO = np.float32(1), np.float32(2)
_LINEAR_FROM = np.float32(20)  # torch's threshold
_LN2 = (np.float32(0.693145751953125), np.float32(1.428606765330187045e-06))
_LN2_NEAR = (np.float32(0.69314718246459960938), np.float32(-1.904654323148236017e-09))
_EXP = (0.00139304355252534151, 0.00833336077630519867, 0.0416664853692054749, 0.166666671633720398, 0.5)
_LOG = (0.3996108174, 0.6666694880)


def softplus(values: _Floats) -> _Floats:
    """log(1 + e to the power of each value)."""
    linear = values > _LINEAR_FROM
    small = np.maximum(np.where(linear, np.float32(0), values), np.float32(-80))
    return np.where(linear, values, _log1p(_exp(small))).astype(np.float32, copy=False)


def _fused(a: _Floats | np.float32, b: _Floats | np.float32, c: _Floats | np.float32) -> _Floats:
    """a × b + c, rounded once."""
    return np.asarray(np.multiply(a, b, dtype=np.float64) + c).astype(np.float32)


def _exp(values: _Floats) -> _Floats:
    steps = np.rint(values * np.float32(1 / np.log(2)))
    rest = _fused(steps, -_LN2[1], _fused(steps, -_LN2[0], values))
    series = np.full_like(rest, 0.000198527617612853646)
    for factor in _EXP:
        series = _fused(series, rest, np.float32(factor))
    result: _Floats = np.ldexp(_ONE + _fused(rest * rest, series, rest), steps.astype(np.int32)).astype(np.float32)
    return result


def _log1p(values: _Floats) -> _Floats:
    """Of positive values. Numbers in two parts: what float32 holds, and what it leaves."""
    power = np.frexp((values + _ONE) * np.float32(1 / 0.75))[1] - 1
    scale = np.ldexp(_ONE, -power).astype(np.float32)
    mantissa = _fused(values, scale, scale - _ONE)
    whole = power.astype(np.float32)
    sum_high = _LN2_NEAR[0] * whole
    sum_low = _fused(_LN2_NEAR[1], whole, _fused(_LN2_NEAR[0], whole, -sum_high))
    high, low = _quotient(mantissa, _TWO + mantissa)
    square = high * high
    series = np.full_like(high, 0.3027294874)
    for factor in _LOG:
        series = _fused(series, square, np.float32(factor))
    first = sum_high + high * _TWO
    first_low = (((sum_high - first) + high * _TWO) + sum_low) + low * _TWO
    cubic = square * high * series
    total: _Floats = first + cubic
    result: _Floats = total + (((first - total) + cubic) + first_low)
    return result


def _quotient(mantissa: _Floats, divisor: _Floats) -> tuple[_Floats, _Floats]:
    """mantissa ÷ (2 + mantissa)."""
    divisor_low = (_TWO - divisor) + mantissa
    inverse = _ONE / divisor
    high = mantissa * inverse
    error = _fused(-divisor_low, inverse, _fused(-divisor, inverse, _ONE))
    return high, _fused(high, error, _fused(inverse, mantissa, -high))
