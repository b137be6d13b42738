"""Every pair of text and ground that appears on screen can be read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLineEdit

import modelyard.ui
from modelyard.ui.app import Desktop
from modelyard.ui.design.tokens import DARK, LIGHT, READABLE_PAIRS, Colours, contrast

from .scenes import pump
from .twins import House


@pytest.mark.parametrize("table", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast(table: Colours) -> None:
    colours = table.as_mapping()
    poor = {(ink, ground): contrast(colours[ink], colours[ground]) for ink, ground in READABLE_PAIRS}
    assert {pair: ratio for pair, ratio in poor.items() if ratio < 4.5} == {}


def test_contrast_of_known_colours() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


UI = Path(modelyard.ui.__file__).parent
_DISTANCES = ("spacing", "margin")
_SETTERS = ("setSpacing", "setContentsMargins", "addSpacing", "setHorizontalSpacing", "setVerticalSpacing")
_OF_THEIR_OWN = (0, 2)  # none, and the two pixels between a title and the line that belongs to it


def distances(tree: ast.AST) -> Iterator[ast.Constant]:
    """Every number that stands where a distance belongs."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        given = [each.value for each in node.keywords if each.arg in _DISTANCES]
        if isinstance(node.func, ast.Attribute) and node.func.attr in _SETTERS:
            given += node.args
        yield from (each for each in given if isinstance(each, ast.Constant))


@pytest.mark.parametrize("file", sorted(UI.rglob("*.py")), ids=lambda file: str(file.relative_to(UI)))
def test_distances_come_from_the_scale_and_sizes_of_type_from_theirs(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert [f"line {each.lineno}: {each.value}" for each in distances(tree) if each.value not in _OF_THEIR_OWN] == []
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not called & {"setPointSize", "setPixelSize"} or file.name == "picture.py", "a portrait's letter alone"


def test_the_hint_in_an_empty_field_can_be_read(desk: Desktop, house: House) -> None:
    """Qt would draw it half transparent."""
    desk.window.import_text("")
    pump(0.1)
    field = next(each for each in desk.window.page("wizard").findChildren(QLineEdit) if each.placeholderText())
    for look, colours in (("light", LIGHT), ("dark", DARK)):
        house.settings.set("look", look)
        pump(0.05)
        ink = field.palette().color(QPalette.ColorRole.PlaceholderText)
        assert ink.alpha() == 255 and contrast(ink.name(), colours.surface) >= 4.5
