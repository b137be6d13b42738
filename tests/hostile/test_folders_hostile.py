"""Folders and zips that point outside, contradict themselves or grow without end."""

from __future__ import annotations

import os
import sys
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.convert.plan import gguf_content
from modelyard.errors import Code, ModelyardError
from modelyard.formats.checkpoint_files import most_bytes
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.formats.source import FileSource
from modelyard.selftest.tiny_checkpoint import write_tiny_llama
from tests.builders.checkpoint_folder import model_folder, weights, write_json
from tests.builders.safetensors_file import write_safetensors

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a right on Windows")


def refused(path: Path) -> ModelyardError:
    with pytest.raises(ModelyardError) as caught:
        open_checkpoint(path)
    return caught.value


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "..", "a/../../b", "C:\\x", "a\\..\\b", "", ".", "a//b", "nul:x", "a\0b"],
)
def test_an_index_that_leaves_the_folder(tmp_path: Path, name: str) -> None:
    folder = model_folder(tmp_path / "m")
    write_json(folder / "model.safetensors.index.json", {"weight_map": {"x": name}})
    assert refused(folder).code is Code.CHECKPOINT_ESCAPES


@pytest.mark.parametrize("index", [[], {}, {"weight_map": []}, {"weight_map": {"x": 3}}, {"weight_map": {}}])
def test_an_index_that_is_none(tmp_path: Path, index: object) -> None:
    folder = model_folder(tmp_path / "m")
    write_json(folder / "model.safetensors.index.json", index)
    assert refused(folder).code is Code.JSON_INVALID


@needs_links
def test_links_out_of_the_folder(tmp_path: Path) -> None:
    secret = tmp_path / "secret" / "model.safetensors"
    secret.parent.mkdir()
    write_safetensors(secret, weights())
    folder = model_folder(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(secret)
    assert refused(folder).code is Code.CHECKPOINT_ESCAPES
    (folder / "model.safetensors").unlink()
    write_safetensors(folder / "model.safetensors", weights())
    (folder / "README.md").symlink_to("/etc/passwd")
    assert refused(folder).code is Code.CHECKPOINT_ESCAPES


@needs_links
def test_a_link_to_itself_and_a_pipe(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to("model.safetensors")
    assert refused(folder).code in (Code.FILE_MISSING, Code.FILE_UNREADABLE)
    (folder / "model.safetensors").unlink()
    os.mkfifo(folder / "model.safetensors")  # opening it would wait for ever
    assert refused(folder).code is Code.FILE_UNREADABLE


@needs_links
def test_a_linked_folder_is_not_entered(tmp_path: Path) -> None:
    model_folder(tmp_path / "elsewhere")
    above = tmp_path / "above"
    above.mkdir()
    (above / "m").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert refused(above).code is Code.CHECKPOINT_NO_WEIGHTS


def test_a_config_of_a_gigabyte(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    with (folder / "config.json").open("wb") as file:
        file.truncate(1 << 30)
    error = refused(folder)
    assert error.code is Code.FILE_TOO_BIG and error.fields["limit_bytes"] == most_bytes("config.json")


@pytest.mark.parametrize("text", [b"", b"[]", b"3", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}"])
def test_a_config_that_is_no_object(tmp_path: Path, text: bytes) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "config.json").write_bytes(text)
    assert refused(folder).code is Code.JSON_INVALID


def test_an_empty_folder_and_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    assert refused(tmp_path / "m").code is Code.CHECKPOINT_NO_WEIGHTS
    assert refused(tmp_path / "x").code is Code.FILE_MISSING


def packed(path: Path, files: dict[str, bytes], folder: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"m/{file.name}")
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_a_zip_with_paths_that_climb_out_is_read_without_them(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    before = sorted(each.name for each in tmp_path.iterdir())
    path = packed(tmp_path / "x.zip", {"m/../../evil.json": b"{}", "/abs.json": b"{}"}, folder)
    assert len(open_checkpoint(path).tensors) == 3
    assert sorted(each.name for each in tmp_path.iterdir()) == [*before, "x.zip"]


def test_a_link_in_a_zip(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    path = packed(tmp_path / "x.zip", {}, folder)
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("m/model.safetensors")
        link.external_attr = 0o120777 << 16
        link.create_system = 3
        archive.writestr(link, "/etc/passwd")
    assert refused(path).code is Code.CHECKPOINT_ESCAPES


def test_a_zip_with_the_same_name_twice(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    path = packed(tmp_path / "x.zip", {}, folder)
    with pytest.warns(UserWarning), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("m/config.json", b"{}")
    assert refused(path).code is Code.ZIP_INVALID


def test_a_zip_bomb_in_a_config(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "config.json").unlink()
    path = packed(tmp_path / "x.zip", {}, folder)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("m/config.json", "w") as entry:
        for _ in range(130):
            entry.write(b" " * (1 << 20))
    assert refused(path).code is Code.FILE_TOO_BIG


def test_something_else_called_zip(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04" + b"\0" * 500)
    assert refused(tmp_path / "x.zip").code is Code.ZIP_INVALID
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        archive.writestr("holiday.jpg", b"")
    error = refused(tmp_path / "y.zip")
    assert error.code is Code.CHECKPOINT_NO_WEIGHTS and error.fields["found"] == "holiday.jpg"


def test_a_locked_zip(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    path = packed(tmp_path / "x.zip", {}, folder)
    data = bytearray(path.read_bytes())
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 8] |= 1
    path.write_bytes(bytes(data))
    assert refused(path).code is Code.ZIP_INVALID


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_a_small_file_that_is_large(tmp_path: Path, name: str) -> None:
    """JSON takes ten times its length in memory: what no model needs is not even read."""
    folder = write_tiny_llama(tmp_path / "m")
    (folder / name).write_bytes(b'{"x":[' + b"0," * 9_000_000 + b"0]}")
    tracemalloc.start()
    try:
        with pytest.raises(ModelyardError) as caught:
            gguf_content(open_checkpoint(folder))
        assert tracemalloc.get_traced_memory()[1] < 64 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert caught.value.code is Code.FILE_TOO_BIG and caught.value.fields["name"] == name


def test_names_of_parts_that_only_look_like_numbers(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "model.safetensors").rename(folder / "model-00001-of-0000\u00b2.safetensors")
    assert len(open_checkpoint(folder).tensors) == 3


def test_a_promise_of_a_million_parts(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "model.safetensors").rename(folder / "model-000001-of-999999.safetensors")
    error = refused(folder)
    assert error.code is Code.CHECKPOINT_INCOMPLETE and "model-000002-of-999999" in str(error.fields["missing"])


def test_a_folder_nobody_may_enter_stands_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the root of a drive: lost+found, System Volume Information."""
    folder = model_folder(tmp_path / "m")
    (folder / "lost+found").mkdir()
    listing = Path.iterdir

    def iterdir(self: Path) -> Iterator[Path]:
        if self.name == "lost+found":
            raise PermissionError(13, "Permission denied")
        return listing(self)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    assert len(open_checkpoint(folder).tensors) == 3


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file that opens and cannot be read")
def test_a_drive_that_goes_away_while_we_read() -> None:
    with FileSource(Path("/proc/self/mem")) as source, pytest.raises(ModelyardError) as caught:
        source.read_at(0, 8)
    assert caught.value.code is Code.FILE_UNREADABLE
