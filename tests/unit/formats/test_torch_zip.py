"""PyTorch files: strides, views, offsets and shared storage, without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from modelyard.formats.checkpoint_tensor import FileRange, ShardData
from modelyard.formats.source import FileSource
from modelyard.formats.torch_zip import TorchHeader, read_torch_header
from tests.builders.torch_file import View, contiguous, write_torch

BASE = np.arange(24, dtype=np.float32)


def opened(path: Path) -> tuple[TorchHeader, ShardData]:
    with FileSource(path) as source:
        header = read_torch_header(source)
    return header, header.open_data(FileRange(path, 0, path.stat().st_size))


def test_tensors_come_in_the_pickles_order(tmp_path: Path) -> None:
    views = {"z": contiguous(0, "F32", (4, 6)), "a": contiguous(1, "F16", (2,))}
    write_torch(tmp_path / "pytorch_model.bin", views, [BASE, np.ones(2, np.float16)])
    header, data = opened(tmp_path / "pytorch_model.bin")
    assert [(t.name, t.dtype, t.shape) for t in header.tensors] == [("z", "F32", (4, 6)), ("a", "F16", (2,))]
    assert np.array_equal(data.read("z", 2, 4), BASE.reshape(4, 6)[2:])
    data.close()


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (View(0, "F32", 0, (6, 4), (1, 6)), BASE.reshape(4, 6).T),
        (View(0, "F32", 6, (2, 6), (6, 1)), BASE.reshape(4, 6)[1:3]),
        (View(0, "F32", 1, (4, 2), (6, 2)), BASE.reshape(4, 6)[:, 1:5:2]),
        (View(0, "F32", 0, (4, 2, 3), (1, 12, 4)), BASE.reshape(2, 3, 4).transpose(2, 0, 1)),
        (View(0, "F32", 0, (2, 1, 3, 4), (12, 99, 4, 1)), BASE.reshape(2, 1, 3, 4)),
        (View(0, "F32", 0, (5, 4), (0, 1)), np.broadcast_to(BASE[:4], (5, 4))),
        (View(0, "F32", 7, (), ()), BASE[7].reshape(())),
        (View(0, "F32", 0, (4, 6), (6, 1), parameter=True), BASE.reshape(4, 6)),
        (View(0, "F32", 0, (0, 6), (6, 1)), np.zeros((0, 6), np.float32)),
    ],
    ids=["transposed", "offset", "step", "permuted", "odd stride of one", "expanded", "scalar", "parameter", "empty"],
)
def test_views(tmp_path: Path, view: View, expected: NDArray[np.float32]) -> None:
    write_torch(tmp_path / "pytorch_model.bin", {"x": view}, [BASE])
    header, data = opened(tmp_path / "pytorch_model.bin")
    tensor = header.tensors[0]
    assert tensor.shape == expected.shape
    matrix = expected.reshape(tensor.rows, tensor.columns)
    assert np.array_equal(data.read("x", 0, tensor.rows), matrix)
    for row in range(tensor.rows):
        assert np.array_equal(data.read("x", row, row + 1), matrix[row : row + 1])
    data.close()


def test_two_tensors_may_share_a_storage(tmp_path: Path) -> None:
    views = {"embed": contiguous(0, "F32", (4, 6)), "head": contiguous(0, "F32", (4, 6))}
    write_torch(tmp_path / "pytorch_model.bin", views, [BASE])
    _, data = opened(tmp_path / "pytorch_model.bin")
    assert np.array_equal(data.read("embed", 0, 4), data.read("head", 0, 4))
    data.close()


def test_weights_are_mapped_not_copied(tmp_path: Path) -> None:
    write_torch(tmp_path / "pytorch_model.bin", {"x": contiguous(0, "F32", (4, 6))}, [BASE])
    _, data = opened(tmp_path / "pytorch_model.bin")
    assert not data.read("x", 0, 4).flags.owndata
    data.close()


def test_tensors_wrapped_by_a_trainer(tmp_path: Path) -> None:
    write_torch(tmp_path / "model.pth", {"x": contiguous(0, "F32", (24,))}, [BASE], wrap="state_dict")
    header, data = opened(tmp_path / "model.pth")
    assert [t.name for t in header.tensors] == ["x"]
    data.close()
