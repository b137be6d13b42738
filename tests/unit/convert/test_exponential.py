"""exp against recorded results of torch 2.13 (x86-64), and against numpy where no last bit counts."""

from __future__ import annotations

import numpy as np

from modelyard.convert.exponential import exponential

# Bits of float32 values and of torch.exp of them, among them some that are not correctly rounded.
RECORDED = {
    0xBFF70E2F: 0x3E149D27,
    0x3F324AF1: 0x40006C9B,
    0xBFC96136: 0x3E545740,
    0x40195C3D: 0x412FB626,
    0xBF9E6199: 0x3E948EB0,
    0xBF961372: 0x3E9E841F,
    0xBE88DA64: 0x3F43F48B,
    0x404E5412: 0x41C900EB,
    0x3FA75BD5: 0x406C99BA,
    0xBF6563F4: 0x3ED0FC78,
    0x3F8C512D: 0x403F8AE9,
    0x3F2E3614: 0x3FFCC932,
    0x406BD177: 0x421F5386,
    0x3F84D5CA: 0x4034AAD6,
    0xC05B203D: 0x3D0579EB,
    0xC059C6CC: 0x3D085202,
}


def test_recorded_bits() -> None:
    values = np.array(list(RECORDED), dtype=np.uint32).view(np.float32)
    assert exponential(values).view(np.uint32).tolist() == list(RECORDED.values())


def test_close_to_numpy_and_sound_everywhere() -> None:
    values = np.linspace(-100, 88, 5001, dtype=np.float32)
    assert np.allclose(exponential(values), np.exp(values.astype(np.float64)), rtol=3e-7, atol=1e-45)
    odd = exponential(np.array([np.inf, -np.inf, np.nan, 0.0, 1000.0], dtype=np.float32))
    assert odd[:2].tolist() == [np.inf, 0.0] and np.isnan(odd[2]) and odd[3] == 1.0 and odd[4] == np.inf
