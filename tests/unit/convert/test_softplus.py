"""softplus to the last bit as torch 2.13 computes it on x86-64 (recorded), and within a rounding of the truth."""

from __future__ import annotations

import hashlib

import numpy as np

from modelyard.convert.softplus import softplus

# SHA-256 of torch.nn.functional.softplus of these values, as float32.
VALUES = ((np.random.PCG64(7).random_raw(4096) >> np.uint64(40)).astype(np.float32) / 2**20 - 8).astype(np.float32)
DIGEST = "ba89d32018baba559fa71c438f79688b4b24475f3610e79d6bea2acb88980964"


def test_as_torch() -> None:
    assert hashlib.sha256(softplus(VALUES).tobytes()).hexdigest() == DIGEST


def test_far_values() -> None:
    far = np.array([-60, -20, 0, 19.99, 20.01, 300], np.float32)
    truth = np.log1p(np.exp(np.minimum(far.astype(np.float64), 30)))
    truth[-1] = 300
    assert np.allclose(softplus(far), truth, rtol=3e-7, atol=0)
