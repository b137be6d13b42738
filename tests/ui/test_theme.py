"""Light and dark while the window runs, from one table of tokens."""

from __future__ import annotations

import re

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from modelyard.host.folders import resources_folder
from modelyard.ui.app import Desktop
from modelyard.ui.design.theme import Theme
from modelyard.ui.design.tokens import DARK, LIGHT
from modelyard.ui.routes import Place

from .scenes import pump
from .twins import House


def ground(app: QApplication) -> str:
    return app.palette().color(QPalette.ColorRole.Window).name()


def test_look_changes_while_the_window_runs(desk: Desktop, house: House, qapp: QApplication) -> None:
    desk.window.go(Place.SETTINGS)
    house.settings.set("look", "dark")
    pump(0.05)
    assert ground(qapp) == DARK.window
    dark = desk.window.grab().toImage().pixelColor(120, 300)
    house.settings.set("look", "light")
    pump(0.05)
    assert ground(qapp) == LIGHT.window
    light = desk.window.grab().toImage().pixelColor(120, 300)
    assert dark.lightness() < 60 < 200 < light.lightness()


def test_icons_follow(desk: Desktop, house: House) -> None:
    house.settings.set("look", "light")
    light = desk.theme.icons.pixmap("settings", "text", 24, 1.0).toImage()
    house.settings.set("look", "dark")
    dark = desk.theme.icons.pixmap("settings", "text", 24, 1.0).toImage()
    assert light != dark


def test_system_scheme_is_followed(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    theme = Theme(qapp, resources_folder())
    changes: list[bool] = []
    theme.changed.connect(lambda: changes.append(theme.dark))
    monkeypatch.setattr(Theme, "dark", property(lambda self: True))
    qapp.styleHints().colorSchemeChanged.emit(qapp.styleHints().colorScheme())
    assert changes == [True]
    assert ground(qapp) == DARK.window


def test_text_size_moves_every_role(desk: Desktop, house: House) -> None:
    small = desk.theme.point_size("body")
    house.settings.set("text_scale", 1.5)
    assert desk.theme.point_size("body") == pytest.approx(small * 1.5, abs=0.02)


def test_the_style_sheet_names_no_colour_itself() -> None:
    text = (resources_folder() / "style" / "modelyard.qss").read_text(encoding="utf-8")
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s])", re.sub(r"#[A-Za-z_]+", "", text)) == []
    assert QColor(LIGHT.accent).isValid()
