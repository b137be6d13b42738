"""Importance matrices in both forms."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from modelyard.errors import Code, ModelyardError
from modelyard.formats.imatrix import read_imatrix
from tests.builders.gguf_files import GgufBuilder

VALUES = np.array([2.0, 4.0, 6.0, 8.0], np.float32)


def legacy(entries: dict[str, tuple[int, np.ndarray]], tail: bytes = b"") -> bytes:
    data = struct.pack("<i", len(entries))
    for name, (calls, values) in entries.items():
        data += struct.pack("<i", len(name)) + name.encode() + struct.pack("<ii", calls, values.size) + values.tobytes()
    return data + tail


def refused(path: Path) -> ModelyardError:
    with pytest.raises(ModelyardError) as caught:
        read_imatrix(path)
    return caught.value


def test_legacy_sums_are_divided_by_the_calls(tmp_path: Path) -> None:
    path = tmp_path / "imatrix.dat"
    tail = struct.pack("<ii", 7, 9) + b"wiki.text"
    path.write_bytes(legacy({"blk.0.attn_q.weight": (3, VALUES), "output.weight": (0, VALUES)}, tail))
    matrix = read_imatrix(path)
    assert (matrix.dataset, matrix.chunks) == ("wiki.text", 7)
    assert np.array_equal(matrix.weights["blk.0.attn_q.weight"], VALUES / np.float32(3))
    assert np.array_equal(matrix.weights["output.weight"], VALUES)


def test_legacy_files_may_end_early(tmp_path: Path) -> None:
    path = tmp_path / "imatrix.dat"
    for tail in (b"", struct.pack("<i", 7)):
        path.write_bytes(legacy({"x": (1, VALUES)}, tail))
        assert read_imatrix(path).dataset == ""


def gguf_form(counts: list[float]) -> GgufBuilder:
    builder = GgufBuilder().text("general.type", "imatrix").texts("imatrix.datasets", ["wiki.text", "more"])
    builder.u32("imatrix.chunk_count", 12).u32("imatrix.chunk_size", 512)
    builder.tensor(
        "blk.0.ffn_up_exps.weight.in_sum2",
        (len(counts), 2),
        data=np.tile(VALUES, len(counts))[: 2 * len(counts)].tobytes(),
    )
    return builder.tensor(
        "blk.0.ffn_up_exps.weight.counts", (len(counts), 1), data=np.array(counts, np.float32).tobytes()
    )


def test_gguf_sums_are_divided_for_each_expert(tmp_path: Path) -> None:
    gguf_form([2, 0, 3]).write(tmp_path / "imatrix.gguf")
    matrix = read_imatrix(tmp_path / "imatrix.gguf")
    assert (matrix.dataset, matrix.chunks) == ("wiki.text", 12)
    expected = [1, 2, 1, 1, np.float32(2) / np.float32(3), np.float32(4) / np.float32(3)]
    assert np.array_equal(matrix.weights["blk.0.ffn_up_exps.weight"], np.array(expected, np.float32))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01\x00",
        struct.pack("<i", 0),
        struct.pack("<i", -1),
        struct.pack("<i", 1 << 30),
        legacy({"x": (1, VALUES)})[:-1],
        struct.pack("<ii", 1, 1 << 30),
        struct.pack("<ii", 1, 1) + b"x" + struct.pack("<ii", 1, 1 << 30),
        legacy({"x": (1, VALUES)}, struct.pack("<ii", 1, 1 << 30)),
        legacy({"x": (1, np.array([np.nan], np.float32))}),
    ],
)
def test_damaged_files(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.dat").write_bytes(data)
    assert refused(tmp_path / "x.dat").code is Code.IMATRIX_INVALID


def test_a_model_is_no_importance_matrix(tmp_path: Path) -> None:
    GgufBuilder().text("general.architecture", "llama").tensor("output.weight", (4, 32)).write(tmp_path / "m.gguf")
    assert refused(tmp_path / "m.gguf").code is Code.IMATRIX_INVALID
    (tmp_path / "cut.gguf").write_bytes((tmp_path / "m.gguf").read_bytes()[:40])
    assert refused(tmp_path / "cut.gguf").code is Code.IMATRIX_INVALID


@pytest.mark.parametrize("count", [np.inf, 1.0, 3e38])
def test_sums_and_counts_beyond_all_numbers(tmp_path: Path, count: float) -> None:
    """Refused without a warning of numpy's."""
    builder = gguf_form([2, 1])
    builder.tensors[1]["data"] = np.array([count, 1], np.float32).tobytes()
    builder.tensors[0]["data"] = np.array([np.inf, np.nan, 1, 1], np.float32).tobytes()
    builder.write(tmp_path / "x.gguf")
    assert refused(tmp_path / "x.gguf").code is Code.IMATRIX_INVALID


def test_a_file_beyond_all_size(tmp_path: Path) -> None:
    with (tmp_path / "x.dat").open("wb") as file:
        file.truncate((4 << 30) + 1)
    assert refused(tmp_path / "x.dat").code is Code.FILE_TOO_BIG
