"""BitNet's weights: one of three numbers each, whatever block they are read in."""

from __future__ import annotations

import numpy as np
import pytest

from modelyard.convert.content import RowBlock, WeightReader
from modelyard.convert.describe import Support, describe
from modelyard.convert.families.bitnet import ternary
from modelyard.convert.lazy import Lazy, as_float32

WEIGHTS = (np.random.default_rng(1).standard_normal((700, 24)) * 0.03).astype(np.float32)


class NoReader:
    def read(self, name: str, start: int, stop: int) -> np.ndarray:
        raise AssertionError(name)


@pytest.mark.parametrize("dtype", ["F32", "F16"])
def test_three_numbers(dtype: str) -> None:
    stored = WEIGHTS.astype(np.float16 if dtype == "F16" else np.float32)

    def read(_: WeightReader, start: int, stop: int) -> RowBlock:
        return RowBlock(dtype, stored[start:stop])

    tensor = ternary(Lazy(stored.shape, dtype, ("w",), read))
    blocks = [tensor.read(NoReader(), at, at + 50) for at in range(0, 700, 50)]
    found = np.concatenate([as_float32(block) for block in blocks])
    scale = np.abs(stored.astype(np.float64)).mean()
    expected = np.clip(np.rint(stored / scale), -1, 1) * scale
    assert {block.dtype for block in blocks} == {dtype}
    assert len(np.unique(found)) == 3
    assert np.allclose(found, expected, rtol=1e-3 if dtype == "F16" else 1e-6, atol=0)


def test_microsofts_own_model_is_not_offered() -> None:
    assert describe({"architectures": ["BitnetForCausalLM"]}).support is Support.WORKS
    info = describe({"architectures": ["BitNetForCausalLM"]})
    assert (info.support, info.reason) == (Support.NOT_YET, "other_activation")
