"""Reading safetensors headers and rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelyard.errors import Code, ModelyardError
from modelyard.formats.checkpoint_tensor import FileRange
from modelyard.formats.safetensors import read_safetensors_header
from modelyard.formats.source import FileSource
from tests.builders.safetensors_file import write_safetensors


def test_tensors_come_sorted_by_name_whatever_the_order_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    arrays = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.arange(4, dtype=np.float16)}
    write_safetensors(path, arrays, order="reversed")
    with FileSource(path) as source:
        header = read_safetensors_header(source)
    assert [(t.name, t.dtype, t.shape, t.shard) for t in header.tensors] == [
        ("a", "F16", (4,), "model.safetensors"),
        ("b", "F32", (2, 3), "model.safetensors"),
    ]
    data = header.open_data(FileRange(path, 0, path.stat().st_size))
    assert np.array_equal(data.read("b", 1, 2), arrays["b"][1:])
    assert np.array_equal(data.read("a", 0, 1), arrays["a"][None])
    data.close()


@pytest.mark.parametrize("dtype", ["F64", "F32", "F16", "I64", "I32", "I16", "I8", "U8"])
def test_each_type_is_read_as_stored(tmp_path: Path, dtype: str) -> None:
    kind = {"F": "float", "I": "int", "U": "uint"}[dtype[0]] + dtype[1:]
    array = np.arange(-6, 6).astype(kind).reshape(3, 4)
    path = tmp_path / "model.safetensors"
    write_safetensors(path, {"x": array})
    with FileSource(path) as source:
        header = read_safetensors_header(source)
    data = header.open_data(FileRange(path, 0, path.stat().st_size))
    read = data.read("x", 0, 3)
    assert header.tensors[0].dtype == dtype
    assert read.dtype == array.dtype and np.array_equal(read, array)
    data.close()


def test_bits_of_types_numpy_does_not_know(tmp_path: Path) -> None:
    bits = np.arange(8, dtype=np.uint8)
    path = tmp_path / "model.safetensors"
    write_safetensors(path, {"f8": bits, "bf": bits.view(np.uint16)}, {"f8": "F8_E4M3"})
    with FileSource(path) as source:
        header = read_safetensors_header(source)
    data = header.open_data(FileRange(path, 0, path.stat().st_size))
    assert np.array_equal(data.read("f8", 0, 1)[0], bits)
    assert np.array_equal(data.read("bf", 0, 1)[0], bits.view(np.uint16))
    data.close()


def test_metadata_may_be_null_as_mlx_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "adapters.safetensors"
    header = b'{"__metadata__":null,"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}'
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"xy")
    with FileSource(path) as source:
        found = read_safetensors_header(source)
    assert found.metadata == {} and found.tensors[0].shape == (2,)


def test_scalars_and_empty_tensors(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    arrays = {
        "empty": np.zeros((0, 4), np.float32),
        "one": np.array(3.5, np.float32),
        "flat": np.zeros((4, 0), np.int8),
    }
    write_safetensors(path, arrays)
    with FileSource(path) as source:
        header = read_safetensors_header(source)
    data = header.open_data(FileRange(path, 0, path.stat().st_size))
    assert data.read("one", 0, 1).tolist() == [[3.5]]
    assert data.read("empty", 0, 0).shape == (0, 4)
    assert data.read("flat", 0, 4).shape == (4, 0)
    data.close()


def test_rows_are_not_copied_and_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    write_safetensors(path, {"x": np.zeros((4, 4), np.float32)})
    with FileSource(path) as source:
        header = read_safetensors_header(source)
    data = header.open_data(FileRange(path, 0, path.stat().st_size))
    rows = data.read("x", 1, 3)
    assert not rows.flags.owndata and not rows.flags.writeable
    data.close()  # rows in somebody's hands stay valid
    assert rows.sum() == 0


def test_a_file_replaced_after_its_header_was_read(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    write_safetensors(path, {"x": np.zeros(4, np.float32)})
    with FileSource(path) as source:
        header = read_safetensors_header(source)
    write_safetensors(path, {"x": np.zeros(8, np.float32)})
    with pytest.raises(ModelyardError) as caught:
        header.open_data(FileRange(path, 0, path.stat().st_size))
    assert caught.value.code is Code.FILE_CHANGED
