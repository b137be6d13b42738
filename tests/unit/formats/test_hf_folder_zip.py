"""A model folder in a compressed zip: headers are read in place, weights unpacked when they are needed."""

from __future__ import annotations

import shutil
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from modelyard.errors import Code, ModelyardError
from modelyard.formats.checkpoint_folder import ZippedFolder
from modelyard.formats.hf_folder import open_checkpoint, read_checkpoint
from modelyard.formats.zip_unpack import UnpackingLocate
from tests.builders.checkpoint_folder import model_folder, weights


def zipped(tmp_path: Path) -> Path:
    folder = model_folder(tmp_path / "m", {**weights(), "big": np.arange(1_500_000, dtype=np.float32)})
    path = tmp_path / "m.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"m/{file.name}")
    shutil.rmtree(folder)
    return path


def test_weights_are_unpacked_once_and_only_when_read(tmp_path: Path) -> None:
    work = tmp_path / "work"
    checkpoint = open_checkpoint(zipped(tmp_path), work=work)
    assert len(checkpoint.tensors) == 4 and not work.exists()
    reader = checkpoint.reader()
    assert np.array_equal(reader.read("lm_head.weight", 0, 6), weights()["lm_head.weight"])
    assert np.array_equal(reader.read("big", 0, 1)[0], np.arange(1_500_000, dtype=np.float32))
    reader.close()
    assert [each.suffix for each in work.iterdir()] == [".weights"]


def test_without_a_work_folder_it_says_so(tmp_path: Path) -> None:
    reader = open_checkpoint(zipped(tmp_path)).reader()
    with pytest.raises(ModelyardError) as caught:
        reader.read("lm_head.weight", 0, 1)
    assert caught.value.code is Code.ZIP_INVALID


@pytest.mark.parametrize(("field", "value"), [(16, 1), (24, 100)], ids=["checksum", "size"])
def test_damaged_weights_leave_nothing(tmp_path: Path, field: int, value: int) -> None:
    path = zipped(tmp_path)
    checkpoint = read_checkpoint(ZippedFolder(path))
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(b"m/model.safetensors"))
    struct.pack_into("<I", data, at + field, value)
    path.write_bytes(bytes(data))
    work = tmp_path / "work"
    reader = checkpoint.reader(UnpackingLocate(ZippedFolder(path), work))
    with pytest.raises(ModelyardError) as caught:
        reader.read("lm_head.weight", 0, 1)
    assert caught.value.code is Code.ZIP_INVALID
    assert list(work.iterdir()) == []


def test_a_full_disk_is_told_with_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = ZippedFolder(zipped(tmp_path))
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    reader = read_checkpoint(tree).reader(UnpackingLocate(tree, tmp_path / "work"))
    with pytest.raises(ModelyardError) as caught:
        reader.read("big", 0, 1)
    assert caught.value.code is Code.DISK_FULL and caught.value.fields["free_bytes"] == 1000
