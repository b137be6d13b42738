"""The base model of an add-on on the check card: said plainly, and chosen where it is not found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QMenu, QPushButton, QWidget

from modelyard.errors import Code
from modelyard.importing.inspection import Inspection, Refusal
from modelyard.importing.sources import AdapterFolder, Source
from modelyard.importing.wire import from_json
from modelyard.ui.app import Desktop
from modelyard.ui.importing.base_choice import BaseChoice

from .scenes import press, wait_for
from .twins import House, inspection_of

MISSING = Refusal(Code.ADAPTER_BASE_MISSING, {"name": "pirate", "base_model": "/root/Qwen"})


def texts(root: QWidget) -> str:
    return "\n".join(label.text() for label in root.findChildren(QLabel) if label.isVisible())


def asked(house: House) -> object:
    """What the last worker was told to look at."""
    source: object = from_json(Source, house.records[-1]["source"])  # type: ignore[arg-type]
    return source


def addon(desk: Desktop, house: House, folder: Path) -> QWidget:
    """The check card of an add-on whose base is only found where the person says. Returns the page."""
    house.parse = lambda text: AdapterFolder(Path(text))

    def seen(path: Path) -> Inspection:
        source = asked(house)
        assert isinstance(source, AdapterFolder) and path == folder
        found = replace(inspection_of(path), source=source, form="adapter", title="pirate", base_model="/root/Qwen")
        if not source.base:
            return replace(found, refusal=MISSING, sizes=())
        return replace(found, base_model=source.base, base_place="hub")

    house.inspection = seen
    desk.window.import_text(str(folder))
    page: QWidget = desk.window.page("wizard")._check  # type: ignore[attr-defined]
    wait_for(lambda: "Where is the base model?" in texts(page))
    assert "/root/Qwen · not found" in texts(page) and "The base model of pirate is missing" in texts(page)
    return page


def test_a_base_that_is_typed(desk: Desktop, house: House, tmp_path: Path) -> None:
    page = addon(desk, house, tmp_path / "pirate")
    [choice] = page.findChildren(BaseChoice)
    field = choice.findChild(QLineEdit)
    use = next(each for each in choice.findChildren(QPushButton) if each.text() == "Use it")
    assert not use.isEnabled()
    field.setText("  Qwen/Qwen2.5-7B ")
    use.click()
    wait_for(lambda: "Qwen/Qwen2.5-7B · from Hugging Face" in texts(page))
    wait_for(lambda: page.valid)  # type: ignore[attr-defined]
    assert asked(house) == AdapterFolder(tmp_path / "pirate", base="Qwen/Qwen2.5-7B")


@pytest.mark.parametrize("picked", ["Model folder …", "GGUF file …"])
def test_a_base_that_is_picked(
    desk: Desktop, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picked: str
) -> None:
    page = addon(desk, house, tmp_path / "pirate")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/models/Qwen")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/models/Qwen", ""))
    press(page, picked)
    wait_for(lambda: "/models/Qwen · from Hugging Face" in texts(page))


def test_a_base_that_is_installed(desk: Desktop, house: House, tmp_path: Path) -> None:
    page = addon(desk, house, tmp_path / "pirate")
    press(page, "Installed model …")
    wait_for(lambda: any(each.isVisible() for each in page.findChildren(QMenu)))
    menu = next(each for each in page.findChildren(QMenu) if each.isVisible())
    model = house.engine.list[0]
    action = next(each for each in menu.actions() if each.data() == f"builtin:{model.name}")
    menu.triggered.emit(action)
    menu.close()
    wait_for(lambda: f"builtin:{model.name} · from Hugging Face" in texts(page))


def test_another_add_on_names_its_own_base(desk: Desktop, house: House, tmp_path: Path) -> None:
    page = addon(desk, house, tmp_path / "pirate")
    [choice] = page.findChildren(BaseChoice)
    choice.chosen.emit("Qwen/Qwen2.5-7B")
    wait_for(lambda: "from Hugging Face" in texts(page))
    desk.window.import_text(str(tmp_path / "pirate"))
    wait_for(lambda: "Where is the base model?" in texts(desk.window))
    assert asked(house) == AdapterFolder(tmp_path / "pirate")
