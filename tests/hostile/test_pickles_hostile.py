"""PyTorch files that want more than tensors: refused by name, nothing executed, little time and memory spent."""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelyard.errors import Code, ModelyardError
from modelyard.formats.checkpoint_tensor import FileRange
from modelyard.formats.source import FileSource
from modelyard.formats.torch_pickle import load_tensor_pickle
from modelyard.formats.torch_zip import read_torch_header
from tests.builders.torch_file import (
    PROTO,
    STOP,
    View,
    contiguous,
    group,
    name_of,
    number,
    state_dict,
    storage_id,
    text,
    write_pickle,
    write_torch,
)

BASE = np.arange(24, dtype=np.float32)
MEGABYTE = 1024 * 1024


def refused(path: Path) -> ModelyardError:
    with pytest.raises(ModelyardError) as caught, FileSource(path) as source:
        read_torch_header(source)
    return caught.value


def code_of(body: bytes) -> Code:
    with pytest.raises(ModelyardError) as caught:
        load_tensor_pickle(PROTO + body + STOP, "x.bin")
    return caught.value.code


class Call:
    """Pickles to a call of `function` with `arguments`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.function, self.arguments


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize(
    ("function", "wants"),
    [(os.system, "system"), (eval, "eval"), (exec, "exec"), (subprocess.call, "call"), (getattr, "getattr")],
)
def test_calls_are_refused_by_name(tmp_path: Path, function: Any, wants: str, protocol: int) -> None:
    mark = tmp_path / "mark"
    payload = {"weight": Call(function, f"open({str(mark)!r}, 'w')")}
    write_pickle(tmp_path / "x.bin", pickle.dumps(payload, protocol))
    error = refused(tmp_path / "x.bin")
    assert error.code is Code.TORCH_UNSAFE
    assert str(error.fields["wants"]).endswith(f".{wants}")
    assert not mark.exists()


def test_a_call_hidden_in_a_tensor(tmp_path: Path) -> None:
    evil = name_of("os", "system") + group(text("true")) + b"R"
    rebuild = name_of("torch._utils", "_rebuild_tensor_v2")
    body = b"}" + text("w") + rebuild + group(storage_id("0", "F32", 24), evil, group(), group(), b"\x89") + b"Rs"
    write_pickle(tmp_path / "x.bin", PROTO + body + STOP, [BASE])
    assert refused(tmp_path / "x.bin").fields["wants"] == "os.system"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("torch", "load"),
        ("torch.hub", "load"),
        ("torch._utils", "_rebuild_qtensor"),
        ("collections", "OrderedDict.__init__"),
        ("builtins", "dict"),
        ("torch.storage", "_load_from_bytes"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("torch", "FloatStorage.__reduce__"),
    ],
)
def test_only_tensor_names_are_known(module: str, name: str) -> None:
    assert code_of(name_of(module, name)) is Code.TORCH_UNSAFE
    assert code_of(text(module) + text(name) + b"\x93") is Code.TORCH_UNSAFE


def test_types_cannot_be_called_and_values_cannot_be_built_upon() -> None:
    assert code_of(name_of("torch", "FloatStorage") + b")R") is Code.TORCH_INVALID
    assert code_of(name_of("torch", "float32") + b")R") is Code.TORCH_INVALID
    assert code_of(text("x") + b")R") is Code.TORCH_INVALID
    assert code_of(name_of("torch", "float32") + b"}b") is Code.TORCH_INVALID


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"t",
        b"(",
        b"0",
        b"R",
        b"(R",
        b"(s",
        b"}(Nu",
        b"(t0t",
        b"h\x05",
        b"q\x01",
        b"j\xff\xff\xff\xff",
        b"\x8aA" + b"x" * 10,
        b"X\xff\xff\xff\xff",
        b"X\x02\x00\x00\x00\xff\xfe",
        b"c" + b"x" * 3000,
        b"ctorch",
        b"}](s",
        b"}]Ns",
        b"]}](NNu",
        b"Q",
        b")Q",
        group(text("storage"), text("x"), text("0"), text("cpu"), number(3)) + b"Q",
        storage_id("../../etc/passwd", "F32", 1),
        storage_id("0", "F32", 1)[:-1] + b"0",
        b"\x80\x09",
        b"\x95" + b"\xff" * 8,
        b"i__main__\nX\n",
        b"(c__builtin__\neval\no",
        b"\x82\x01",
        b"I5\n",
        b"\x8f",
    ],
    ids=lambda body: body[:12].hex() or "empty",
)
def test_broken_and_foreign_opcodes(body: bytes) -> None:
    assert code_of(body) in (Code.TORCH_INVALID, Code.TORCH_UNSAFE)


def test_memory_does_not_grow_with_lies() -> None:
    """A memo slot far out, a text longer than the file, an amplified tuple, lists in lists."""
    long_tuple = b"(" + b"N" * 200_000 + b"tq\x00"
    size = name_of("torch", "Size") + b"q\x01"
    bombs = [
        b"Nr\xff\xff\xff\x7f" * 1000,
        b"X\xff\xff\xff\x7fabc",
        long_tuple + size + b"h\x01h\x00\x85R0" * 10_000,
        long_tuple + name_of("torch._utils", "_rebuild_tensor_v2") + b"h\x00R",
        b"]q\x00" + b"h\x00a" * 100_000,
        b"(" * 100_000,
    ]
    for bomb in bombs:
        tracemalloc.start()
        with pytest.raises(ModelyardError):
            load_tensor_pickle(PROTO + bomb + b"0", "x.bin")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 40 * MEGABYTE


def test_nested_tuples_are_no_dictionary_keys() -> None:
    """Hashing them would take 2^40 steps."""
    doubled = b")" + b"2\x86" * 40
    assert code_of(b"}" + doubled + b"Ns") is Code.TORCH_INVALID


def test_too_many_opcodes_and_memo_slots() -> None:
    assert code_of(b"N0" * 4_100_000) is Code.TORCH_INVALID


def test_a_pickle_beyond_its_limit_is_not_read(tmp_path: Path) -> None:
    """65 MB of zeros, 64 kB packed."""
    write_pickle(tmp_path / "x.bin", b"\0" * (65 * MEGABYTE), compress=True)
    tracemalloc.start()
    error = refused(tmp_path / "x.bin")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error.code is Code.FILE_TOO_BIG
    assert peak < MEGABYTE


def test_an_entry_that_unpacks_to_more_than_it_says(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    write_pickle(path, b"\0" * MEGABYTE, compress=True)
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 10)
    path.write_bytes(bytes(data))
    assert refused(path).code is Code.ZIP_INVALID


@pytest.mark.parametrize(
    "view",
    [
        View(0, "F32", 1, (4, 6), (6, 1)),
        View(0, "F32", 0, (5, 6), (6, 1)),
        View(0, "F32", 0, (4, 6), (7, 1)),
        View(0, "F64", 0, (24,), (1,)),
        View(0, "F32", 1 << 40, (1,), (1,)),
        View(0, "F32", -1, (1,), (1,)),
        View(0, "F32", 0, (2, 2), (-1, 1)),
        View(0, "F32", 0, (2, 2), (1,)),
        View(0, "F32", 0, (1 << 20, 1 << 20), (0, 0)),
        View(0, "F32", 0, (1,) * 9, (1,) * 9),
        View(3, "F32", 0, (1,), (1,)),
    ],
    ids=[
        "offset",
        "rows",
        "stride",
        "type",
        "far",
        "negative",
        "backwards",
        "short",
        "broadcast",
        "dimensions",
        "none",
    ],
)
def test_views_that_reach_beyond_their_storage(tmp_path: Path, view: View) -> None:
    elements = [24, 24, 24, 24]
    write_pickle(tmp_path / "x.bin", PROTO + state_dict({"x": view}, elements) + STOP, [BASE])
    assert refused(tmp_path / "x.bin").code is Code.TORCH_INVALID


def test_a_storage_larger_than_its_entry(tmp_path: Path) -> None:
    body = state_dict({"x": contiguous(0, "F32", (1000,))}, [1000])
    write_pickle(tmp_path / "x.bin", PROTO + body + STOP, [BASE])
    assert refused(tmp_path / "x.bin").code is Code.TORCH_INVALID


def test_numbers_packed_in_the_zip_are_refused(tmp_path: Path) -> None:
    body = state_dict({"x": contiguous(0, "F32", (24,))}, [24])
    write_pickle(tmp_path / "x.bin", PROTO + body + STOP, [BASE], compress=True)
    assert refused(tmp_path / "x.bin").code is Code.TORCH_INVALID


@pytest.mark.parametrize("length", [0, 3, 21, 100, 500, -1, -30, -100])
def test_files_cut_off(tmp_path: Path, length: int) -> None:
    path = tmp_path / "x.bin"
    write_torch(path, {"x": contiguous(0, "F32", (24,))}, [BASE])
    path.write_bytes(path.read_bytes()[:length])
    assert refused(path).code in (Code.TORCH_INVALID, Code.ZIP_INVALID)


def test_a_file_cut_off_after_its_header_was_read(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    write_torch(path, {"x": contiguous(0, "F32", (24,))}, [BASE])
    with FileSource(path) as source:
        header = read_torch_header(source)
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(ModelyardError) as caught:
        header.open_data(FileRange(path, 0, header.size))
    assert caught.value.code is Code.FILE_CHANGED


def test_local_headers_that_point_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    write_torch(path, {"x": contiguous(0, "F32", (24,))}, [BASE])
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("archive/data/0").header_offset
    struct.pack_into("<H", data, at + 26, 0xFFFF)
    path.write_bytes(bytes(data))
    with FileSource(path) as source:
        header = read_torch_header(source)
    with pytest.raises(ModelyardError) as caught:
        header.open_data(FileRange(path, 0, path.stat().st_size))
    assert caught.value.code is Code.ZIP_INVALID


def test_names_that_begin_at_the_root(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("/data.pkl", b"\x80\x02}.")
    assert refused(path).code is Code.TORCH_INVALID


def test_the_old_form_has_a_code_of_its_own(tmp_path: Path) -> None:
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
    (tmp_path / "x.bin").write_bytes(magic + pickle.dumps(1001, protocol=2))
    assert refused(tmp_path / "x.bin").code is Code.TORCH_LEGACY


def test_a_plain_pickle_is_no_weight_file(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(pickle.dumps(Call(os.system, "true")))
    assert refused(tmp_path / "x.bin").code is Code.TORCH_INVALID


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_damage_gives_a_coded_error_or_tensors(data: st.DataObject) -> None:
    views = {"a": contiguous(0, "F32", (4, 6)), "b": View(0, "F32", 1, (3, 2), (6, 2), parameter=True)}
    pickle_ = bytearray(PROTO + state_dict(views, [24]) + STOP)
    for _ in range(data.draw(st.integers(1, 6))):
        pickle_[data.draw(st.integers(0, len(pickle_) - 1))] = data.draw(st.integers(0, 255))
    try:
        load_tensor_pickle(bytes(pickle_), "x.bin")
    except ModelyardError as error:
        assert error.code in (Code.TORCH_INVALID, Code.TORCH_UNSAFE)
