"""Settings keep what fits their declaration; a damaged file is kept aside; --data-dir moves everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.errors import Code, ModelyardError
from modelyard.host.folders import folders_at, resources_folder
from modelyard.host.settings import DECLARED, Settings


def test_defaults_then_values_then_a_new_start(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "s.json")
    assert settings.text("language") == "system"
    seen: list[str] = []
    settings.watch(seen.append)
    settings.set("language", "zh_CN")
    settings.set("threads", 4)
    assert seen == ["language", "threads"]
    again = Settings(tmp_path / "s.json")
    assert again.text("language") == "zh_CN" and again.number("threads") == 4


@pytest.mark.parametrize(
    ("key", "value"),
    [("language", "klingon"), ("threads", -1), ("threads", True), ("keep_originals", 1), ("text_scale", 9.0)],
)
def test_values_that_do_not_fit_are_refused(tmp_path: Path, key: str, value: str | int | float | bool) -> None:
    with pytest.raises(ValueError, match="does not accept"):
        Settings(tmp_path / "s.json").set(key, value)


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe\x00", b""])
def test_a_damaged_file_is_kept_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(content)
    settings = Settings(path)
    assert settings.damaged is not None and settings.damaged.read_bytes() == content
    assert settings.text("look") == "system"
    settings.set("look", "dark")
    assert Settings(path).text("look") == "dark"


def test_a_value_of_a_wrong_type_counts_as_unset_and_unknown_keys_survive(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('{"threads": "many", "from_a_newer_version": 1}', encoding="utf-8")
    settings = Settings(path)
    assert settings.number("threads") == 0
    settings.set("look", "dark")
    assert "from_a_newer_version" in path.read_text(encoding="utf-8")


def test_every_default_fits_its_own_declaration() -> None:
    assert all(setting.accepts(setting.default) for setting in DECLARED)
    assert len({setting.key for setting in DECLARED}) == len(DECLARED)


def test_one_folder_moves_everything(tmp_path: Path) -> None:
    root = tmp_path / "张庭纲 的 数据"
    folders = folders_at(root)
    folders.make()
    places = [folders.models, folders.work, folders.jobs, folders.personas, folders.cache, folders.logs]
    assert all(place.is_dir() and place.is_relative_to(root) for place in places)
    assert folders.chats_file.is_relative_to(root) and folders.settings_file.is_relative_to(root)


def test_a_folder_that_cannot_be_made_is_a_coded_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(ModelyardError) as caught:
        folders_at(tmp_path / "file" / "below").make()
    assert caught.value.code is Code.FOLDER_NOT_WRITABLE


def test_resources_stand_beside_the_package() -> None:
    assert (resources_folder() / "words" / "en").is_dir()
