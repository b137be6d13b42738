"""safetensors headers that lie: each gives a coded error before anything is allocated for it."""

from __future__ import annotations

import json
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelyard.errors import Code, ModelyardError
from modelyard.formats.safetensors import read_safetensors_header
from modelyard.formats.source import FileSource
from tests.builders.gguf_files import BytesSource
from tests.builders.safetensors_file import write_raw

DATA = bytes(range(64))
F32 = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}
REST = {"dtype": "U8", "shape": [48], "data_offsets": [16, 64]}


def code_of(path: Path) -> Code:
    with pytest.raises(ModelyardError) as caught, FileSource(path) as source:
        read_safetensors_header(source)
    return caught.value.code


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "F31"},
        {"dtype": ["F32"]},
        {"dtype": None},
        {"shape": [2, 3]},
        {"shape": [-2, -2]},
        {"shape": "22"},
        {"shape": [2.0, 2]},
        {"shape": [True, 4]},
        {"shape": [1 << 61]},
        {"shape": [1 << 30, 1 << 31]},
        {"shape": [1] * 9},
        {"shape": [10**400]},
        {"data_offsets": [0]},
        {"data_offsets": [16, 0]},
        {"data_offsets": [8, 24]},
        {"data_offsets": [-16, 0]},
        {"data_offsets": ["0", "16"]},
        {"data_offsets": {"0": 16}},
        {"data_offsets": [0, 1 << 70]},
    ],
    ids=str,
)
def test_entries_that_lie(tmp_path: Path, change: dict[str, Any]) -> None:
    write_raw(tmp_path / "m.safetensors", {"a": {**F32, **change}, "b": REST}, DATA)
    assert code_of(tmp_path / "m.safetensors") is Code.SAFETENSORS_INVALID


@pytest.mark.parametrize(
    "header",
    [
        {"a": F32},
        {"a": F32, "b": {**REST, "data_offsets": [20, 64], "shape": [44]}},
        {"a": F32, "b": {**REST, "data_offsets": [0, 48]}, "c": {**REST, "shape": [16], "data_offsets": [48, 64]}},
        {"a": F32, "b": 5},
        {"a": F32, "b": []},
        {"": F32, "b": REST},
        {"a": F32, "x" * 5000: REST},
        {"a": F32, "b": REST, "__metadata__": {"x": 3}},
        {"a": F32, "b": REST, "__metadata__": []},
        b'{"a":{"dtype":"F32","shape":[16],"data_offsets":[0,64]},"a":{"dtype":"F32","shape":[16],"data_offsets":[0,64]}}',
        b'{"a":{"dtype":"F32","dtype":"F32","shape":[16],"data_offsets":[0,64]}}',
        b"[]",
        b"{" * 50_000,
        b'{"a":' + b"[" * 50_000,
        b"{\xff\xfe}",
        b"{}",
        b'{"a"',
    ],
    ids=lambda header: str(header)[:30],
)
def test_headers_that_lie(tmp_path: Path, header: Any) -> None:
    write_raw(tmp_path / "m.safetensors", header, DATA)
    assert code_of(tmp_path / "m.safetensors") is Code.SAFETENSORS_INVALID


def test_missing_bytes_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    write_raw(path, {"a": F32, "b": REST}, DATA)
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(ModelyardError) as caught, FileSource(path) as source:
        read_safetensors_header(source)
    assert caught.value.code is Code.SAFETENSORS_TRUNCATED
    assert caught.value.fields == {"name": path.name, "need_bytes": len(whole), "have_bytes": len(whole) - 10}
    for length in (0, 7, 8, 20):
        path.write_bytes(whole[:length])
        assert code_of(path) in (Code.SAFETENSORS_TRUNCATED, Code.SAFETENSORS_INVALID)


@pytest.mark.parametrize("length", [10**8 + 1, 1 << 40, (1 << 64) - 1])
def test_a_header_length_beyond_all_bounds_reserves_nothing(tmp_path: Path, length: int) -> None:
    path = tmp_path / "m.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", length) + b'{"a')
        file.truncate(1 << 32)  # sparse: 4 GB that are not there
    tracemalloc.start()
    assert code_of(path) is Code.SAFETENSORS_INVALID
    assert tracemalloc.get_traced_memory()[1] < 1024 * 1024
    tracemalloc.stop()


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_damage_gives_a_coded_error_or_a_sound_header(data: st.DataObject) -> None:
    text = json.dumps({"a": F32, "b": REST}).encode()
    whole = bytearray(struct.pack("<Q", len(text)) + text + DATA)
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, 8 + len(text)))] = data.draw(st.integers(0, 255))
    try:
        header = read_safetensors_header(BytesSource(bytes(whole)))
    except ModelyardError as error:
        assert error.code in (Code.SAFETENSORS_INVALID, Code.SAFETENSORS_TRUNCATED)
    else:
        assert sum(tensor.nbytes for tensor in header.tensors) == len(DATA)
