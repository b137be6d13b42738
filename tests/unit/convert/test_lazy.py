"""Recipes for rows against the same thing done with whole arrays, in one block and in small ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from modelyard.convert import lazy
from modelyard.convert.lazy import Lazy, as_float32


class Arrays:
    """A reader of arrays in memory."""

    def __init__(self, **arrays: NDArray[Any]) -> None:
        self.arrays = arrays

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        array = self.arrays[name]
        return array.reshape(-1, array.shape[-1])[start:stop]


def whole(tensor: Lazy, reader: Arrays, block: int = 0) -> NDArray[np.float32]:
    """The tensor put together from blocks of `block` rows (0: all at once)."""
    step = block or max(1, tensor.rows)
    parts = [
        as_float32(tensor.read(reader, start, min(start + step, tensor.rows))) for start in range(0, tensor.rows, step)
    ]
    return np.concatenate(parts).reshape(tensor.shape)


def numbered(*shape: int) -> NDArray[np.float32]:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def source(array: NDArray[Any], name: str = "a", dtype: str = "F32") -> Lazy:
    return lazy.stored(name, dtype, array.shape)


@pytest.mark.parametrize("block", [0, 1, 3, 7])
def test_permuted_is_the_reference_s_swap(block: int) -> None:
    array, heads = numbered(24, 5), 3
    expected = array.reshape(heads, 2, 4, 5).swapaxes(1, 2).reshape(24, 5)
    assert np.array_equal(whole(lazy.permuted(source(array), heads), Arrays(a=array), block), expected)


def test_permuted_vector() -> None:
    array = numbered(16)
    expected = array.reshape(2, 2, 4).swapaxes(1, 2).reshape(16)
    assert np.array_equal(whole(lazy.permuted(source(array), 2), Arrays(a=array)), expected)


def test_permuted_refuses_heads_that_do_not_fit() -> None:
    with pytest.raises(ValueError):
        lazy.permuted(source(numbered(10, 2)), 4)
    with pytest.raises(ValueError):
        lazy.permuted(source(numbered(10, 2)), 0)


@pytest.mark.parametrize("block", [0, 2, 5])
@pytest.mark.parametrize("shape", [(6, 4), (3, 6, 4)])
def test_transposed(shape: tuple[int, ...], block: int) -> None:
    array = numbered(*shape)
    result = lazy.transposed(source(array))
    assert np.array_equal(whole(result, Arrays(a=array), block), array.swapaxes(-1, -2))
    assert result.whole == (len(shape) == 2)


@pytest.mark.parametrize("block", [0, 1, 4])
def test_stacked_experts(block: int) -> None:
    arrays = [numbered(3, 4) + 100 * n for n in range(3)]
    parts = [source(array, name) for array, name in zip(arrays, "abc", strict=True)]
    result = lazy.stacked(parts)
    assert result.shape == (3, 3, 4) and result.sources == ("a", "b", "c")
    reader = Arrays(a=arrays[0], b=arrays[1], c=arrays[2])
    assert np.array_equal(whole(result, reader, block), np.stack(arrays))
    with pytest.raises(ValueError):
        lazy.stacked([parts[0], source(numbered(2, 4), "d")])


@pytest.mark.parametrize("block", [0, 1, 3])
def test_parts_of_matrices_and_stacks(block: int) -> None:
    array, stack = numbered(10, 3), numbered(2, 6, 3)
    reader = Arrays(a=array, s=stack)
    first, second = lazy.split(source(array), [4, 6])
    assert np.array_equal(whole(first, reader, block), array[:4])
    assert np.array_equal(whole(second, reader, block), array[4:])
    middle = lazy.middle_sliced(source(stack, "s"), 2, 5)
    assert np.array_equal(whole(middle, reader, block), stack[:, 2:5])
    with pytest.raises(ValueError):
        lazy.sliced(source(array), 4, 11)


def test_columns_and_vectors() -> None:
    array, vector = numbered(4, 6), numbered(6)
    index = np.array([5, 0, 3])
    assert np.array_equal(whole(lazy.columns(source(array), index), Arrays(a=array)), array[:, index])
    assert np.array_equal(whole(lazy.gathered(source(vector), index), Arrays(a=vector)), vector[index])
    joined = lazy.concatenated([source(vector), source(vector)])
    assert np.array_equal(whole(joined, Arrays(a=vector)), np.concatenate([vector, vector]))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6), st.integers(1, 9), st.data())
def test_reshaped_and_gathered_in_any_blocks(a: int, b: int, c: int, block: int, data: st.DataObject) -> None:
    array = numbered(a, b, c)
    reader = Arrays(a=array)
    assert np.array_equal(whole(lazy.reshaped(source(array), (b, a * c)), reader, block), array.reshape(b, a * c))
    rows = np.array(data.draw(st.lists(st.integers(0, a * b - 1), min_size=1, max_size=20)))
    assert np.array_equal(whole(lazy.gathered(source(array), rows), reader, block), array.reshape(-1, c)[rows])


def test_arithmetic_rounds_as_torch_does() -> None:
    """F16 stays F16; BF16 becomes float32."""
    half = np.array([0.1, 0.2, 3.0], dtype=np.float16)
    result = lazy.plus_one(source(half, dtype="F16"))
    assert result.dtype == "F16"
    assert np.array_equal(whole(result, Arrays(a=half)), (half + np.float16(1)).astype(np.float32))
    brain = np.array([0x3F80, 0x3DCD], dtype=np.uint16)
    result = lazy.plus_one(source(brain, dtype="BF16"))
    assert result.dtype == "F32" and whole(result, Arrays(a=brain))[0] == 2.0


def test_integers_are_read_as_float32() -> None:
    array = np.array([[1, 2], [3, 4]], dtype=np.int64)
    assert whole(source(array, dtype="I64"), Arrays(a=array)).dtype == np.float32


def test_constant() -> None:
    assert whole(lazy.constant([1.0, 2.5]), Arrays()).tolist() == [1.0, 2.5]
