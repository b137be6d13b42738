"""Split sets: whole, incomplete, lying, and never looked for outside their folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from modelyard.errors import Code, ModelyardError
from modelyard.formats.gguf_facts import facts
from modelyard.formats.gguf_values import ValueType as T
from modelyard.formats.split import part_names, read_set
from tests.builders.gguf_files import GgufBuilder, split_files, tiny_model


def fails(path: Path) -> ModelyardError:
    with pytest.raises(ModelyardError) as caught:
        read_set(path)
    return caught.value


@pytest.mark.parametrize("given", [0, 1, 2])
def test_any_part_gives_the_whole(tmp_path: Path, given: int) -> None:
    paths = split_files(tmp_path, "模型 a-b", 3)
    whole, found = read_set(paths[given])
    assert found == tuple(paths)
    assert [tensor.name for tensor in whole.header.tensors] == ["blk.0.weight", "blk.1.weight", "blk.2.weight"]
    assert "split.no" not in whole.header.metadata and whole.header.text("general.architecture") == "llama"
    assert whole.header.file_size == sum(path.stat().st_size for path in paths)
    assert facts(whole.header).parameters == 32 + 64 + 96
    for part, tensor in zip(whole.parts, whole.header.tensors, strict=True):
        assert part.tensors == (tensor,)


def test_a_whole_file_is_a_set_of_one(tmp_path: Path) -> None:
    path = tiny_model().write(tmp_path / "m-00001-of-00003.gguf")  # the name alone makes no set
    whole, found = read_set(path)
    assert found == (path,) and len(whole.header.tensors) == 3


def test_missing_parts_are_named(tmp_path: Path) -> None:
    paths = split_files(tmp_path, "m", 6)
    for path in paths[2:]:
        path.unlink()
    error = fails(paths[1])
    assert error.code is Code.GGUF_SPLIT_INCOMPLETE
    assert error.fields["missing"] == "m-00003-of-00006.gguf, m-00004-of-00006.gguf, m-00005-of-00006.gguf, …"
    assert fails(tmp_path / "no.gguf").code is Code.FILE_MISSING


def test_renamed_part(tmp_path: Path) -> None:
    path = split_files(tmp_path, "m", 2)[0]
    path.rename(tmp_path / "model.gguf")
    assert fails(tmp_path / "model.gguf").code is Code.GGUF_SPLIT_INVALID


def test_name_and_metadata_disagree(tmp_path: Path) -> None:
    split_files(tmp_path, "m", 3)
    for number in (1, 2, 3):
        (tmp_path / f"m-0000{number}-of-00003.gguf").rename(tmp_path / f"m-0000{number}-of-00004.gguf")
    assert fails(tmp_path / "m-00001-of-00004.gguf").code is Code.GGUF_SPLIT_INVALID


def test_parts_in_the_wrong_order(tmp_path: Path) -> None:
    one, two = split_files(tmp_path, "m", 2)
    spare = tmp_path / "spare"
    one.rename(spare)
    two.rename(one)
    spare.rename(two)
    assert fails(one).code is Code.GGUF_SPLIT_INVALID


def test_one_part_in_place_of_another(tmp_path: Path) -> None:
    """A set that points at itself."""
    one, two = split_files(tmp_path, "m", 2)
    two.unlink()
    os.link(one, two)
    assert fails(one).code is Code.GGUF_SPLIT_INVALID


def test_wrong_total_of_tensors(tmp_path: Path) -> None:
    assert fails(split_files(tmp_path, "m", 2, total=7)[0]).code is Code.GGUF_SPLIT_INVALID


def test_tensor_in_two_parts(tmp_path: Path) -> None:
    one, two = split_files(tmp_path, "m", 2)
    builder = GgufBuilder().scalar("split.no", T.UINT16, 1).scalar("split.count", T.UINT16, 2)
    builder.tensor("blk.0.weight", (1, 32)).write(two)
    assert fails(one).code is Code.GGUF_SPLIT_INVALID


@pytest.mark.parametrize("count", [1001, 65535])
def test_absurd_number_of_parts(tmp_path: Path, count: int) -> None:
    builder = tiny_model().scalar("split.no", T.UINT16, 0).scalar("split.count", T.UINT16, count)
    assert fails(builder.write(tmp_path / f"m-00001-of-{count:05d}.gguf")).code is Code.GGUF_SPLIT_INVALID


def test_damaged_part(tmp_path: Path) -> None:
    one, two = split_files(tmp_path, "m", 2)
    two.write_bytes(two.read_bytes()[:40])
    assert fails(one).code is Code.GGUF_TRUNCATED


def test_folder_in_place_of_a_part(tmp_path: Path) -> None:
    one, two = split_files(tmp_path, "m", 2)
    two.unlink()
    two.mkdir()
    assert fails(one).code is Code.FILE_UNREADABLE


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")
def test_links_and_pipes(tmp_path: Path) -> None:
    """Links are followed (the Hugging Face cache consists of them), loops and pipes end in an error."""
    store = tmp_path / "blobs"
    store.mkdir()
    one, two = split_files(tmp_path, "m", 2)
    two.rename(store / "abc")
    two.symlink_to(Path("blobs") / "abc")
    assert len(read_set(one)[0].parts) == 2
    two.unlink()
    two.symlink_to(two.name)
    assert fails(one).code in (Code.GGUF_SPLIT_INCOMPLETE, Code.FILE_UNREADABLE)
    two.unlink()
    os.mkfifo(two)
    assert fails(one).code is Code.FILE_UNREADABLE


def test_part_names() -> None:
    assert part_names("a-00002-of-00002.gguf") == ("a-00001-of-00002.gguf", "a-00002-of-00002.gguf")
    assert part_names("A-00001-of-00001.GGUF") == ("A-00001-of-00001.GGUF",)
    assert part_names("A-00002-OF-00002.GGUF") == ("A-00001-OF-00002.GGUF", "A-00002-OF-00002.GGUF")
    for name in ("a.gguf", "-00001-of-00002.gguf", "a-00003-of-00002.gguf", "a-00000-of-00002.gguf"):
        assert part_names(name) is None
    for name in ("a-1-of-2.gguf", "a-00001-of-00002.gguf.part", "a-٠٠٠٠١-of-00002.gguf", "a-00001-of-99999.gguf"):
        assert part_names(name) is None
