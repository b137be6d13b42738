"""An importance matrix, given at the check card: the smallest sizes come with it and go with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from modelyard.importing.inspection import Fit, Group, Inspection
from modelyard.ui.app import Desktop
from modelyard.ui.importing.size_row import SizeRow

from .scenes import press, to_check, wait_for
from .twins import House, inspection_of, size

MATRIX = Path("/home/lin/重要性.imatrix.gguf")


def with_small_sizes(path: Path) -> Inspection:
    seen = inspection_of(path)
    return replace(seen, importance_sizes=(*seen.sizes, size("IQ2_XXS", Group.SMALL, Fit.FITS, 0.04)))


def rows(page: Any) -> dict[str, SizeRow]:
    return {row.option.size: row for row in page._check.findChildren(SizeRow)}


def test_smallest_sizes_come_and_go_with_the_matrix(
    desk: Desktop, house: House, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.inspection = with_small_sizes
    page = to_check(desk)
    assert "IQ2_XXS" not in rows(page)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(MATRIX), ""))
    press(page, "Importance matrix")
    press(page, "Choose the file …")
    wait_for(lambda: page._check.valid)
    press(page, "More sizes")
    qtbot.mouseClick(rows(page)["IQ2_XXS"], Qt.MouseButton.LeftButton)
    wait_for(lambda: page._check.valid)
    choice = page._check._choice()
    assert (choice.size, choice.imatrix) == ("IQ2_XXS", MATRIX)
    press(page, "Go without")
    wait_for(lambda: page._check.valid)
    choice = page._check._choice()
    assert (choice.size, choice.imatrix) == ("as-is", None)
    assert "IQ2_XXS" not in rows(page)


def test_where_a_matrix_is_of_no_use_none_is_asked_for(desk: Desktop) -> None:
    page = to_check(desk)
    assert "Importance matrix" not in [each.text() for each in page._check.findChildren(QPushButton)]
