"""Both languages are complete: lupdate on a copy finds nothing new and nothing unfinished."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def i18n() -> ModuleType:
    spec = importlib.util.spec_from_file_location("i18n", ROOT / "packaging" / "i18n.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_complete(i18n: ModuleType) -> None:
    assert i18n.problems() == []


def test_a_missing_translation_is_found(i18n: ModuleType, tmp_path: Path) -> None:
    for source in i18n.FOLDER.glob("*.ts"):
        shutil.copy(source, tmp_path)
    victim = tmp_path / "shell.zh_CN.ts"
    text = victim.read_text(encoding="utf-8")
    victim.write_text(
        text.replace("<translation>设置</translation>", '<translation type="unfinished"></translation>'), "utf-8"
    )
    assert any("Settings" in problem for problem in i18n.problems(tmp_path))


def test_compiled_catalogue_is_made_when_missing(i18n: ModuleType, tmp_path: Path) -> None:
    from modelyard.ui.i18n import catalogue_file

    for source in i18n.FOLDER.glob("*.ts"):
        shutil.copy(source, tmp_path)
    made = catalogue_file(tmp_path, "zh_CN")
    assert made is not None and made.stat().st_size > 1000
    assert catalogue_file(tmp_path, "en") is None
