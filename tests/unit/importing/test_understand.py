"""What people type, drop and pick becomes a Source, or an error that says what is missing."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from modelyard.errors import Code, ModelyardError
from modelyard.importing.sources import AdapterFolder, CheckpointFolder, GgufFile, HubRepo, LibraryModel, shown
from modelyard.importing.understand import parse_source


def touch(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def code_of(text: str) -> Code:
    with pytest.raises(ModelyardError) as caught:
        parse_source(text)
    return caught.value.code


@pytest.mark.parametrize("name", ["模型 1.gguf", "a b.gguf", "UPPER.GGUF", "ünï.gguf"])
def test_a_file_however_it_is_written(tmp_path: Path, name: str) -> None:
    path = touch(tmp_path / "张庭纲" / name)
    assert parse_source(str(path)) == GgufFile(path)
    assert parse_source(f'"{path}"') == GgufFile(path)
    assert parse_source(path.as_uri()) == GgufFile(path)


def test_a_file_without_the_ending_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    assert parse_source(str(touch(tmp_path / "weights", b"GGUF1234"))) == GgufFile(tmp_path / "weights")


def test_any_part_of_a_split_set_means_the_set(tmp_path: Path) -> None:
    first = touch(tmp_path / "m-00001-of-00002.gguf")
    second = touch(tmp_path / "m-00002-of-00002.gguf")
    assert parse_source(str(second)) == GgufFile(first)
    assert parse_source(str(tmp_path)) == GgufFile(first)


def test_folders_shards_and_zips(tmp_path: Path) -> None:
    model = tmp_path / "above" / "Qwen2.5-0.5B"
    touch(model / "config.json", b"{}")
    shard = touch(model / "model.safetensors")
    assert parse_source(str(model)) == CheckpointFolder(model)
    assert parse_source(str(tmp_path / "above")) == CheckpointFolder(model)
    assert parse_source(str(shard)) == CheckpointFolder(shard)
    packed = tmp_path / "model.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("config.json", "{}")
    assert parse_source(str(packed)) == CheckpointFolder(packed)


def test_what_training_leaves(tmp_path: Path) -> None:
    """The last of the checkpoints; an add-on among its optimizer's files; its weights alone."""
    run = tmp_path / "run"
    for step in (200, 1500, 900):
        touch(run / f"checkpoint-{step}" / "adapter_config.json", b"{}")
        touch(run / f"checkpoint-{step}" / "adapter_model.safetensors")
    optimizer = touch(run / "checkpoint-900" / "optimizer.pt")
    assert parse_source(str(run)) == AdapterFolder(run / "checkpoint-1500")
    assert parse_source(str(optimizer)) == AdapterFolder(run / "checkpoint-900")
    packed = tmp_path / "pirate.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("content/pirate/adapter_config.json", "{}")
    assert parse_source(str(packed)) == AdapterFolder(packed)
    lonely = touch(tmp_path / "lonely" / "adapter_model.bin").parent
    assert parse_source(str(lonely)) == AdapterFolder(lonely)


def test_a_projector_beside_a_model_is_not_a_second_model(tmp_path: Path) -> None:
    touch(tmp_path / "mmproj-f16.gguf")
    model = touch(tmp_path / "model.gguf")
    assert parse_source(str(tmp_path)) == GgufFile(model)


def test_an_adapter_folder(tmp_path: Path) -> None:
    touch(tmp_path / "adapter_config.json", b"{}")
    weights = touch(tmp_path / "adapter_model.safetensors")
    assert parse_source(str(tmp_path)) == AdapterFolder(tmp_path)
    assert parse_source(str(weights)) == AdapterFolder(tmp_path)


def test_the_newest_snapshot_of_the_hub_cache(tmp_path: Path) -> None:
    old = tmp_path / "models--a--b" / "snapshots" / "1111"
    new = tmp_path / "models--a--b" / "snapshots" / "2222"
    for folder in (old, new):
        touch(folder / "config.json", b"{}")
        touch(folder / "model.safetensors")
    import os

    os.utime(old, (1, 1))
    assert parse_source(str(tmp_path / "models--a--b")) == CheckpointFolder(new)


def test_names_on_the_hub_and_in_engines() -> None:
    assert parse_source("Qwen/Qwen2.5-0.5B-Instruct") == HubRepo("Qwen/Qwen2.5-0.5B-Instruct")
    assert parse_source("hf.co/a/b:Q4_K_M") == HubRepo("a/b", size="Q4_K_M")
    link = "https://huggingface.co/a/b/blob/main/c.gguf"
    assert parse_source(link) == HubRepo("a/b", file="c.gguf")
    assert parse_source("ollama:llama3:8b") == LibraryModel("ollama", "llama3:8b")


def test_things_that_are_not_there_or_not_a_model(tmp_path: Path) -> None:
    assert code_of(str(tmp_path / "gone.gguf")) is Code.FILE_MISSING
    assert code_of("gone.gguf") is Code.FILE_MISSING
    assert code_of(r"C:\Users\gone\model.gguf") is Code.FILE_MISSING
    assert code_of(str(tmp_path)) is Code.SOURCE_EMPTY_FOLDER
    assert code_of("") is Code.SOURCE_NOT_UNDERSTOOD
    assert code_of("a\0b") is Code.SOURCE_NOT_UNDERSTOOD
    assert code_of(str(touch(tmp_path / "notes.docx"))) is Code.SOURCE_NOT_UNDERSTOOD


def test_several_models_in_one_folder_are_named(tmp_path: Path) -> None:
    touch(tmp_path / "a.gguf")
    touch(tmp_path / "b.gguf")
    with pytest.raises(ModelyardError) as caught:
        parse_source(str(tmp_path))
    assert caught.value.code is Code.SOURCE_AMBIGUOUS
    assert "a.gguf" in str(caught.value.fields["found"])


def test_sources_are_shown_by_their_names(tmp_path: Path) -> None:
    assert shown(GgufFile(tmp_path / "a.gguf")) == "a.gguf"
    assert shown(HubRepo("a/b")) == "a/b" and shown(LibraryModel("ollama", "x")) == "x"


@pytest.mark.parametrize("text", ["~nobodysuch/model.gguf", "~nobodysuch", "file:///~nobodysuch/x%00.gguf"])
def test_a_home_nobody_knows(text: str) -> None:
    assert code_of(text) is Code.FILE_MISSING


def test_an_address_that_is_none() -> None:
    assert code_of("file://[::1") is Code.SOURCE_NOT_UNDERSTOOD
