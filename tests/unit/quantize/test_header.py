"""Header bytes against gguf-py, which writes the converter's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from modelyard.convert.content import MetadataEntry, ValueType
from modelyard.formats.ggml_types import GgmlType
from modelyard.quantize.header import metadata_bytes, padding, start_bytes, tensor_bytes

ENTRIES = [
    MetadataEntry("general.architecture", ValueType.STRING, "llama"),
    MetadataEntry("a.uint8", ValueType.UINT8, 255),
    MetadataEntry("a.int8", ValueType.INT8, -128),
    MetadataEntry("a.uint16", ValueType.UINT16, 65535),
    MetadataEntry("a.int16", ValueType.INT16, -3),
    MetadataEntry("a.uint32", ValueType.UINT32, 2**32 - 1),
    MetadataEntry("a.int32", ValueType.INT32, -(2**31)),
    MetadataEntry("a.float32", ValueType.FLOAT32, 1e-5),
    MetadataEntry("a.bool", ValueType.BOOL, True),
    MetadataEntry("a.text", ValueType.STRING, "größer 模型"),
    MetadataEntry("a.uint64", ValueType.UINT64, 2**63),
    MetadataEntry("a.int64", ValueType.INT64, -(2**62)),
    MetadataEntry("a.float64", ValueType.FLOAT64, 0.1),
    MetadataEntry("a.strings", ValueType.ARRAY, ["", "▁a", "\n"], ValueType.STRING),
    MetadataEntry("a.numbers", ValueType.ARRAY, [1, -2, 3], ValueType.INT32),
    MetadataEntry("a.floats", ValueType.ARRAY, (0.5, -1.25), ValueType.FLOAT32),
    MetadataEntry("a.bools", ValueType.ARRAY, [True, False], ValueType.BOOL),
    MetadataEntry("a.bytes", ValueType.ARRAY, b"\x00\xff", ValueType.UINT8),
]


def test_bytes_are_those_of_gguf_py(tmp_path: Path) -> None:
    path = tmp_path / "theirs.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    for entry in ENTRIES[1:]:
        element = gguf.GGUFValueType(entry.element) if entry.element is not None else None
        writer.add_key_value(entry.key, entry.value, gguf.GGUFValueType(entry.type), element)
    writer.add_tensor("blk.0.a.weight", np.ones((3, 5), np.float32))
    writer.add_tensor("b.weight", np.ones((7,), np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    ours = start_bytes(2, len(ENTRIES)) + metadata_bytes(ENTRIES)
    ours += tensor_bytes("blk.0.a.weight", (3, 5), GgmlType.F32, 0)
    ours += tensor_bytes("b.weight", (7,), GgmlType.F16, 64)
    assert path.read_bytes() == ours


@pytest.mark.parametrize("values", [[1, 2, 3], (1, 2, 3), np.array([1, 2, 3]), np.array([1, 2, 3], dtype=">i8")])
def test_numbers_may_come_in_any_sequence(values: Any) -> None:
    entry = MetadataEntry("k", ValueType.ARRAY, values, ValueType.INT32)
    assert metadata_bytes([entry]).endswith(b"\x01\0\0\0\x02\0\0\0\x03\0\0\0")


def test_bytes_that_are_no_text_come_out_as_they_were() -> None:
    text = b"\xff\xfeab".decode("utf-8", "surrogateescape")
    assert metadata_bytes([MetadataEntry("k", ValueType.STRING, text)]).endswith(b"\xff\xfeab")


def test_padding() -> None:
    assert [padding(position, 32) for position in (0, 1, 31, 32, 33)] == [0, 31, 1, 0, 31]
