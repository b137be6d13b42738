"""sentence-transformers' dense layer behind LFM2's embedding models, which lies in a file of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelyard.convert.content import GgufContent
from modelyard.convert.plan import gguf_content
from modelyard.errors import Code, ModelyardError
from modelyard.events import CancelToken
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.quantize.writer import write_gguf
from tests.builders.family_checkpoints import write_family
from tests.builders.llama_child import use
from tests.builders.safetensors_file import write_safetensors

LENGTH, WIDTH = 64, 256
NUMBERS = np.linspace(-1, 1, LENGTH * WIDTH, dtype=np.float32).reshape(LENGTH, WIDTH)


def content_of(folder: Path, name: str = "linear.weight") -> GgufContent:
    write_family(folder, "Lfm2BidirectionalModel")
    (folder / "1_Dense").mkdir()
    write_safetensors(folder / "1_Dense" / "model.safetensors", {name: NUMBERS})
    return gguf_content(open_checkpoint(folder))


def test_it_is_part_of_the_model(tmp_path: Path) -> None:
    content = content_of(tmp_path / "m")
    assert {entry.key: entry.value for entry in content.metadata}["lfm2.embedding_length_out"] == LENGTH
    table = open_checkpoint(tmp_path / "m")
    reader = table.reader()
    job = content.tensors[0]
    assert (job.name, job.shape) == ("dense_2.weight", (LENGTH, WIDTH))
    assert np.array_equal(job.rows(reader, 3, 5).data, NUMBERS[3:5])
    path = tmp_path / "m.gguf"
    write_gguf(content, "F16", reader, path, listener=lambda event: None, cancel=CancelToken())
    reader.close()
    assert use([path], vectors=[path]) == {path: str(LENGTH)}


def test_a_file_without_it(tmp_path: Path) -> None:
    with pytest.raises(ModelyardError) as caught:
        content_of(tmp_path / "m", "weight")
    assert caught.value.code is Code.TENSOR_MISSING


@pytest.mark.parametrize("data", [b"", b"\xff" * 64, b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_broken_file(data: bytes, tmp_path: Path) -> None:
    content_of(tmp_path / "m")
    (tmp_path / "m" / "1_Dense" / "model.safetensors").write_bytes(data)
    with pytest.raises(ModelyardError):
        gguf_content(open_checkpoint(tmp_path / "m"))
