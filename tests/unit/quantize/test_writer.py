"""The writer: right bytes, stopped and taken up again, broken weights, full disks."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from modelyard.errors import Cancelled, Code, ModelyardError
from modelyard.events import CancelToken, Event, Kind
from modelyard.formats.ggml_types import GgmlType
from modelyard.formats.gguf import read_header
from modelyard.formats.gguf_values import GgufHeader
from modelyard.formats.source import FileSource
from modelyard.quantize import ggml, journal, positional
from modelyard.quantize.importance import ImportanceMatrix
from modelyard.quantize.layout import exact_sizes
from modelyard.quantize.sizes import SIZES, offered
from modelyard.quantize.writer import discard
from tests.builders.weights import ArrayReader, bf16, content, job, llama_content, small_llama, write

TENSORS = small_llama()
CONTENT = llama_content(TENSORS)


def header_of(path: Path) -> GgufHeader:
    with FileSource(path) as source:
        return read_header(source)


def stored(path: Path, name: str) -> tuple[GgmlType, bytes]:
    tensor = next(tensor for tensor in header_of(path).tensors if tensor.name == name)
    return tensor.type, path.read_bytes()[tensor.offset : tensor.offset + tensor.nbytes]


def floats(array: NDArray[Any]) -> NDArray[np.float32]:
    return (array.astype(np.uint32) << np.uint32(16)).view(np.float32) if array.dtype == np.uint16 else array


def test_every_size_is_exact_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    names = [size.name for size in SIZES.values() if not size.importance]
    sizes = exact_sizes(CONTENT, names)
    for name in names:
        written = write(CONTENT, name, ArrayReader(TENSORS), path)
        assert written.size_bytes == path.stat().st_size == sizes[name]
        assert written.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        header = header_of(path)
        assert header.integer("general.file_type") == SIZES[name].file_type
        assert header.integer("general.quantization_version") == 2
        assert {tensor.name for tensor in header.tensors} == set(TENSORS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "x.gguf"]


def test_blocks_are_those_of_ggml(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    write(CONTENT, "Q4_K_M", ArrayReader(TENSORS), path, threads=3)
    for name, array in TENSORS.items():
        kind, data = stored(path, name)
        if array.ndim == 1:
            assert data == array.tobytes()
            continue
        out = np.empty((len(array), kind.row_bytes(array.shape[1])), np.uint8)
        ggml.quantize_rows(kind, floats(array), out, None)
        assert data == out.tobytes(), name


def test_order_and_keys_of_the_two_tools(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    write(CONTENT, "q8_0", ArrayReader(TENSORS), path)
    converter = header_of(path)
    assert [tensor.name for tensor in converter.tensors] == list(TENSORS)
    keys = list(converter.metadata)
    assert keys.index("general.quantization_version") == keys.index("tokenizer.ggml.model") - 1
    write(CONTENT, "Q8_0", ArrayReader(TENSORS), path)
    quantizer = header_of(path)
    assert [tensor.name for tensor in quantizer.tensors][:3] == [
        "output.weight",
        "output_norm.weight",
        "token_embd.weight",
    ]
    assert list(quantizer.metadata)[-2:] == ["general.quantization_version", "general.file_type"]


def test_float32_weights_go_through_the_type_of_the_checkpoint(tmp_path: Path) -> None:
    """llama-quantize would read them from a BF16 file; a checkpoint all in float32 it would read as it is."""
    path, random = tmp_path / "x.gguf", np.random.default_rng(3)
    odd = random.standard_normal((8, 256)).astype(np.float32)
    mixed: dict[str, NDArray[Any]] = {"blk.0.attn_q.weight": odd, "blk.0.attn_k.weight": bf16(odd)}
    write(content(mixed, "bf16"), "F32", ArrayReader(mixed), path)
    rounded = np.frombuffer(stored(path, "blk.0.attn_q.weight")[1], np.float32).reshape(8, 256)
    assert not np.array_equal(rounded, odd)
    assert np.abs(rounded - odd).max() < 0.02
    write(content({"blk.0.attn_q.weight": odd}, "f16"), "F32", ArrayReader(mixed), path)
    assert stored(path, "blk.0.attn_q.weight")[1] == odd.tobytes()


def test_whole_tensors_fixed_blocks_and_odd_rows(tmp_path: Path) -> None:
    path, random = tmp_path / "x.gguf", np.random.default_rng(4)
    blocks = random.integers(0, 120, (6, 17), dtype=np.uint8)
    arrays: dict[str, NDArray[Any]] = {
        "blk.0.attn_q.weight": bf16(random.standard_normal((5, 100)).astype(np.float32)),
        "blk.0.attn_k.weight": random.standard_normal((3, 5000, 32)).astype(np.float16),
    }
    made = content(arrays, "bf16")
    from modelyard.convert.content import RowBlock, TensorJob

    raw = TensorJob(
        "blk.0.ffn_up_exps.weight",
        (2, 3, 32),
        (),
        "U8",
        lambda reader, start, stop: RowBlock("RAW", blocks[start:stop]),
        GgmlType.MXFP4,
    )
    whole = job("blk.0.attn_k.weight", arrays["blk.0.attn_k.weight"], whole=True)
    made = type(made)(made.architecture, made.metadata, (made.tensors[0], whole, raw), "bf16", made.file_type_index)
    reader = ArrayReader(arrays)
    write(made, "bf16", reader, path)
    assert header_of(path).integer("general.file_type") == 38  # gpt-oss
    assert stored(path, raw.name) == (GgmlType.MXFP4, blocks.tobytes())
    write(made, "Q4_K_M", reader, path)
    assert stored(path, raw.name) == (GgmlType.MXFP4, blocks.tobytes())
    assert stored(path, "blk.0.attn_q.weight")[0] is GgmlType.F16
    assert stored(path, "blk.0.attn_k.weight")[0] is GgmlType.Q5_0


@pytest.mark.parametrize(("size", "value"), [("f16", np.inf), ("Q4_K_M", np.nan), ("bf16", -np.inf), ("Q8_0", np.nan)])
def test_broken_weights_are_named_and_nothing_stays(tmp_path: Path, size: str, value: float) -> None:
    tensors = small_llama()
    broken = floats(tensors["blk.1.ffn_up.weight"])
    broken[17, 200] = value
    tensors["blk.1.ffn_up.weight"] = bf16(broken)
    with pytest.raises(ModelyardError) as caught:
        write(llama_content(tensors), size, ArrayReader(tensors), tmp_path / "x.gguf")
    assert caught.value.code is Code.WEIGHTS_NOT_FINITE
    assert caught.value.fields == {"tensor": "blk.1.ffn_up.weight"}
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_a_weight_too_large_for_the_size(tmp_path: Path) -> None:
    tensors = {"blk.0.attn_q.weight": np.full((2, 256), 70000, np.float32)}
    made = content(tensors, "f16")
    with pytest.raises(ModelyardError) as caught:
        write(made, "f16", ArrayReader(tensors), tmp_path / "x.gguf")
    assert caught.value.code is Code.WEIGHTS_TOO_LARGE
    write(made, "bf16", ArrayReader(tensors), tmp_path / "x.gguf")


def test_cancelled_soon_and_taken_up_again(tmp_path: Path) -> None:
    plain = write(CONTENT, "Q6_K", ArrayReader(TENSORS), tmp_path / "plain.gguf")
    path, cancel = tmp_path / "x.gguf", CancelToken()
    stop_at = "blk.1.attn_q.weight"
    with pytest.raises(Cancelled):
        write(
            CONTENT,
            "Q6_K",
            ArrayReader(TENSORS, lambda name: cancel.cancel() if name == stop_at else None),
            path,
            cancel,
        )
    assert not path.exists()
    reader = ArrayReader(TENSORS)
    written = write(CONTENT, "Q6_K", reader, path)
    assert written.sha256 == plain.sha256
    assert 0 < written.kept_tensors < len(TENSORS)
    assert len(reader.rows_read) == len(TENSORS) - written.kept_tensors
    assert {path.name for path in tmp_path.iterdir()} == {"home", "plain.gguf", "x.gguf"}


def cut_short(size: str, identity: str, path: Path) -> ArrayReader:
    """A run that is cancelled in the second layer."""
    cancel = CancelToken()

    def before(name: str) -> None:
        if name.startswith("blk.1"):
            cancel.cancel()

    reader = ArrayReader(TENSORS, before)
    with pytest.raises(Cancelled):
        write(CONTENT, size, reader, path, cancel, identity=identity)
    return reader


def test_a_part_of_something_else_is_not_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    for size, identity in (("Q6_K", "one"), ("Q6_K", "two"), ("Q5_K_S", "two")):
        assert "token_embd.weight" in cut_short(size, identity, path).rows_read, (size, identity)
    discard(path)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


CHILD = """
import os, sys
from itertools import pairwise
from pathlib import Path
from tests.builders.weights import ArrayReader, llama_content, small_llama, write
tensors = small_llama()
def before(name):
    if name == "blk.1.ffn_up.weight":
        print("here", flush=True)
        sys.stdin.read()
write(llama_content(tensors), "Q4_K_M", ArrayReader(tensors, before), Path(sys.argv[1]), threads=1)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_killed_and_taken_up_again(tmp_path: Path) -> None:
    plain = write(CONTENT, "Q4_K_M", ArrayReader(TENSORS), tmp_path / "plain.gguf")
    path, root = tmp_path / "x.gguf", Path(__file__).resolve().parents[3]
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root
    )
    assert child.stdout is not None and child.stdout.readline() == b"here\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert child.stdin is not None
    child.stdin.close()
    reader = ArrayReader(TENSORS)
    written = write(CONTENT, "Q4_K_M", reader, path)
    assert written.sha256 == plain.sha256
    # in file order all before it are finished: only it and those behind it are done (again)
    assert list(reader.rows_read) and written.kept_tensors == len(TENSORS) - 1


def test_a_cut_journal_line_and_a_restart_of_the_computer(tmp_path: Path) -> None:
    path = tmp_path / "j"
    opened = journal.Journal(path, "key", ())
    for index in (4, 0, 2):
        opened.done(index)
        if index == 0:
            opened.synced(2)
    opened.close()
    with path.open("a", encoding="utf-8") as file:
        file.write('{"done": 9')
    assert journal.finished_tensors(path, "key", 8) == (4, 0, 2)
    assert journal.finished_tensors(path, "other", 8) is None
    lines = path.read_text(encoding="utf-8").splitlines()
    head = json.loads(lines[0])
    head["started"] -= 3600
    path.write_text("\n".join([json.dumps(head), *lines[1:]]), encoding="utf-8")
    assert journal.finished_tensors(path, "key", 8) == (4, 0)


@pytest.mark.parametrize("text", ["", "\n", "nonsense", "[]", '{"version": 1}', "\x00\xff"])
def test_a_journal_that_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "j"
    path.write_bytes(text.encode("latin-1"))
    assert journal.finished_tensors(path, "key", 8) is None


def test_work_in_the_order_of_reading(tmp_path: Path) -> None:
    reader = ArrayReader(TENSORS)
    ordered = write(CONTENT, "Q4_0", reader, tmp_path / "x.gguf", threads=1, as_read=True)
    assert list(reader.rows_read) == list(TENSORS)
    assert ordered.sha256 == write(CONTENT, "Q4_0", ArrayReader(TENSORS), tmp_path / "y.gguf").sha256


def test_safe_tensors_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from modelyard.quantize import passage

    monkeypatch.setattr(passage, "_SYNC_BYTES", 1)
    told: list[list[str]] = []
    reader = ArrayReader(TENSORS, lambda name: time.sleep(0.02))
    write(CONTENT, "Q8_0", reader, tmp_path / "x.gguf", threads=1, on_safe=lambda names: told.append(list(names)))
    assert told and set(told[-1]) <= set(TENSORS)
    assert all(len(before) <= len(after) for before, after in pairwise(told))


def test_progress_rises_to_the_end_on_the_callers_thread(tmp_path: Path) -> None:
    events: list[Event] = []
    threads: set[int] = set()

    class Collecting(list[Event]):
        def append(self, event: Event) -> None:
            threads.add(threading.get_ident())
            super().append(event)

    events = Collecting()
    start = time.monotonic()
    written = write(
        CONTENT, "Q8_0", ArrayReader(TENSORS, lambda name: time.sleep(0.02)), tmp_path / "x.gguf", events=events
    )
    assert all(event.kind is Kind.PROGRESS for event in events)
    done = [event.fields["done"] for event in events]
    assert done == sorted(done)
    assert done[-1] == events[-1].fields["total"] == written.size_bytes
    assert len(events) <= 10 * (time.monotonic() - start) + 3
    assert threads == {threading.get_ident()}


def test_without_positional_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows: a handle for each thread."""
    plain = write(CONTENT, "Q4_0", ArrayReader(TENSORS), tmp_path / "x.gguf")
    monkeypatch.setattr(positional, "_HAS_POSITIONAL", False)
    assert write(CONTENT, "Q4_0", ArrayReader(TENSORS), tmp_path / "y.gguf", threads=3).sha256 == plain.sha256


def test_errors_of_the_reader_come_through_and_the_part_stays(tmp_path: Path) -> None:
    def fail(name: str) -> None:
        if name == "blk.1.attn_v.weight":
            raise ModelyardError(Code.FILE_CHANGED, name="model.safetensors")

    path = tmp_path / "x.gguf"
    with pytest.raises(ModelyardError) as caught:
        write(CONTENT, "Q8_0", ArrayReader(TENSORS, fail), path)
    assert caught.value.code is Code.FILE_CHANGED
    assert write(CONTENT, "Q8_0", ArrayReader(TENSORS), path).kept_tensors > 0


def test_a_broken_source_leaves_nothing(tmp_path: Path) -> None:
    def fail(name: str) -> None:
        if name == "blk.1.attn_v.weight":
            raise ModelyardError(Code.ZIP_INVALID, name="model.zip", detail="wrong checksum")

    with pytest.raises(ModelyardError) as caught:
        write(CONTENT, "Q8_0", ArrayReader(TENSORS, fail), tmp_path / "x.gguf")
    assert caught.value.code is Code.ZIP_INVALID
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelyardError) as caught:
        write(CONTENT, "Q8_0", ArrayReader(TENSORS), tmp_path / "none" / "x.gguf")
    assert caught.value.code is Code.FOLDER_NOT_WRITABLE


def test_too_little_space_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 1000})())
    with pytest.raises(ModelyardError) as caught:
        write(CONTENT, "Q8_0", ArrayReader(TENSORS), tmp_path / "x.gguf")
    assert caught.value.code is Code.DISK_FULL
    assert caught.value.fields["free_bytes"] == 1000
    assert caught.value.fields["need_bytes"] == exact_sizes(CONTENT, ["Q8_0"])["Q8_0"]
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_the_space_is_taken_beforehand(tmp_path: Path) -> None:
    path = tmp_path / "x"
    positional.create(path, 1 << 20, b"start")
    assert path.stat().st_size == 1 << 20
    assert path.read_bytes().rstrip(b"\0") == b"start"
    if sys.platform.startswith("linux"):
        assert path.stat().st_blocks * 512 >= 1 << 20


def test_no_space_to_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int, size: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(positional, "_reserve", full)
    with pytest.raises(ModelyardError) as caught:
        write(CONTENT, "Q8_0", ArrayReader(TENSORS), tmp_path / "x.gguf")
    assert caught.value.code is Code.DISK_FULL
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


@pytest.mark.skipif(not sys.platform.startswith("linux") or os.geteuid() != 0, reason="mounting needs root")
def test_a_disk_that_fills_up_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system where space cannot be taken beforehand."""
    monkeypatch.setattr(positional, "_reserve", lambda handle, size: None)
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=False).returncode:
        pytest.skip("no tmpfs here")
    try:
        size = exact_sizes(CONTENT, ["Q8_0"])["Q8_0"]
        filler = folder / "filler"

        def fill(name: str) -> None:  # somebody else writes while we do
            if name == "blk.0.attn_q.weight" and not filler.exists():
                filler.write_bytes(bytes(2 * 1024 * 1024 - 3 * size // 4))

        path = folder / "x.gguf"
        with pytest.raises(ModelyardError) as caught:
            write(CONTENT, "Q8_0", ArrayReader(TENSORS, fill), path, threads=1)
        assert caught.value.code is Code.DISK_FULL
        assert caught.value.fields["need_bytes"]
        filler.unlink()
        written = write(CONTENT, "Q8_0", ArrayReader(TENSORS), path)
        assert written.kept_tensors > 0
        assert written.sha256 == write(CONTENT, "Q8_0", ArrayReader(TENSORS), tmp_path / "y.gguf").sha256
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def importance_of(experts: int) -> ImportanceMatrix:
    random = np.random.default_rng(7)
    weights = {"blk.0.ffn_up_exps.weight": random.random(experts * 256).astype(np.float32)}
    return ImportanceMatrix(weights, "words.imatrix", "words.txt", 10)


def test_each_expert_has_its_importance(tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    tensors = {"blk.0.ffn_up_exps.weight": bf16(random.standard_normal((3, 5, 256)).astype(np.float32))}
    made, path = content(tensors, block_count=1, expert_count=3), tmp_path / "x.gguf"
    matrix = importance_of(3)
    write(made, "IQ3_S", ArrayReader(tensors), path, importance=matrix)
    kind, data = stored(path, "blk.0.ffn_up_exps.weight")
    expected = b""
    for expert in range(3):
        out = np.empty((5, kind.row_bytes(256)), np.uint8)
        weights = matrix.weights["blk.0.ffn_up_exps.weight"][expert * 256 : (expert + 1) * 256]
        ggml.quantize_rows(kind, floats(tensors["blk.0.ffn_up_exps.weight"][expert]), out, weights)
        expected += out.tobytes()
    assert data == expected
    header = header_of(path)
    assert header.text("quantize.imatrix.file") == "words.imatrix"
    assert header.integer("quantize.imatrix.entries_count") == 1
    assert header.integer("quantize.imatrix.chunks_count") == 10


def test_importance_of_another_model(tmp_path: Path) -> None:
    tensors = {"blk.0.ffn_up_exps.weight": bf16(np.ones((3, 5, 256), np.float32))}
    made = content(tensors, block_count=1, expert_count=3)
    with pytest.raises(ModelyardError) as caught:
        write(made, "Q4_K_M", ArrayReader(tensors), tmp_path / "x.gguf", importance=importance_of(4))
    assert caught.value.code is Code.IMPORTANCE_MISMATCH


@pytest.mark.parametrize("size", [size.name for size in offered(importance=True) if size.importance])
def test_tiny_sizes_need_importance(size: str) -> None:
    with pytest.raises(ModelyardError) as caught:
        exact_sizes(CONTENT, [size])
    assert caught.value.code is Code.IMPORTANCE_MISSING
