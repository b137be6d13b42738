"""A GGUF made smaller, sets of shards made one, one made several."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelyard.errors import Code, ModelyardError
from modelyard.events import CancelToken
from modelyard.formats.ggml_types import GgmlType
from modelyard.formats.gguf import read_header
from modelyard.formats.source import FileSource
from modelyard.quantize import ggml
from modelyard.quantize.gguf_sets import merge, shard_path, split, split_layouts
from modelyard.quantize.gguf_source import GgufFile, GgufWeights, stored_content
from tests.builders.weights import ArrayReader, llama_content, small_llama, write

TENSORS = small_llama()
CONTENT = llama_content(TENSORS)


def opened(path: Path) -> GgufFile:
    with FileSource(path) as source:
        return GgufFile(path, read_header(source))


def made(folder: Path, size: str, name: str = "source.gguf") -> GgufFile:
    path = folder / name
    write(CONTENT, size, ArrayReader(TENSORS), path)
    return opened(path)


@pytest.mark.parametrize("size", ["F32", "F16", "Q8_0", "Q4_K_M", "Q2_K", "IQ4_XS"])
def test_from_the_checkpoint_or_from_its_gguf_the_same_file(tmp_path: Path, size: str) -> None:
    source = made(tmp_path, "bf16")
    direct = write(CONTENT, size, ArrayReader(TENSORS), tmp_path / "direct.gguf")
    twice = write(stored_content([source]), size, GgufWeights([source]), tmp_path / "twice.gguf")
    assert twice.sha256 == direct.sha256


def test_the_converters_names_mean_the_same_for_a_gguf(tmp_path: Path) -> None:
    source = made(tmp_path, "bf16")
    content = stored_content([source])
    upper = write(content, "F16", GgufWeights([source]), tmp_path / "upper.gguf")
    assert write(content, "f16", GgufWeights([source]), tmp_path / "lower.gguf").sha256 == upper.sha256
    assert content.original == "bf16"
    assert content.warnings == ()


def test_from_an_already_small_file_with_a_warning(tmp_path: Path) -> None:
    source = made(tmp_path, "Q8_0")
    content = stored_content([source])
    assert content.warnings == (("requantized", {"stored_as": "Q8_0"}),)
    path = tmp_path / "smaller.gguf"
    write(content, "Q4_K_S", GgufWeights([source]), path)
    reader = GgufWeights([source])
    rows = ggml.to_float32(GgmlType.Q8_0, reader.read("blk.0.attn_q.weight", 0, 256), 256)
    out = np.empty((256, GgmlType.Q4_K.row_bytes(256)), np.uint8)
    ggml.quantize_rows(GgmlType.Q4_K, rows, out, None)
    smaller = opened(path)
    assert np.array_equal(GgufWeights([smaller]).read("blk.0.attn_q.weight", 0, 256), out)
    assert "requantized" in [code for code, _ in stored_content([smaller]).warnings]


def test_the_same_size_again_copies(tmp_path: Path) -> None:
    source = made(tmp_path, "Q4_K_M")
    again = write(stored_content([source]), "Q4_K_M", GgufWeights([source]), tmp_path / "again.gguf")
    assert again.path.read_bytes() == source.path.read_bytes()


def test_shards_and_back(tmp_path: Path) -> None:
    source = made(tmp_path, "Q8_0")
    cancel = CancelToken()
    shards = split(source, tmp_path / "part.gguf", 200_000, listener=lambda event: None, cancel=cancel)
    assert len(shards) > 2
    files = [opened(shard.path) for shard in shards]
    assert files[0].path.name == shard_path(tmp_path / "part.gguf", 0, len(files)).name
    assert [file.header.integer("split.no") for file in files] == list(range(len(files)))
    assert {file.header.integer("split.count") for file in files} == {len(files)}
    assert {file.header.integer("split.tensors.count") for file in files} == {len(TENSORS)}
    whole = merge(files, tmp_path / "whole.gguf", listener=lambda event: None, cancel=cancel)
    header = opened(whole.path).header
    assert header.integer("split.count") == 0
    reader, expected = GgufWeights([opened(whole.path)]), GgufWeights([source])
    for tensor in source.header.tensors:
        rows = tensor.elements // tensor.shape[-1]
        assert np.array_equal(reader.read(tensor.name, 0, rows), expected.read(tensor.name, 0, rows))
    # a set is as good a source as one file
    direct = write(stored_content([source]), "Q4_0", expected, tmp_path / "direct.gguf")
    of_set = write(stored_content(files), "Q4_0", GgufWeights(files), tmp_path / "of-set.gguf")
    assert of_set.sha256 == direct.sha256


def test_a_tensor_larger_than_a_shard_has_one_of_its_own(tmp_path: Path) -> None:
    assert len(split_layouts(made(tmp_path, "Q8_0"), 1)) == len(TENSORS)


def test_a_file_that_changed_since_it_was_looked_at(tmp_path: Path) -> None:
    source = made(tmp_path, "Q8_0")
    with source.path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(ModelyardError) as caught:
        GgufWeights([source])
    assert caught.value.code is Code.FILE_CHANGED
    source.path.unlink()
    with pytest.raises(ModelyardError) as caught:
        GgufWeights([source])
    assert caught.value.code is Code.FILE_UNREADABLE
