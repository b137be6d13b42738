"""Where the keyboard is can be seen: every control that Tab reaches looks otherwise while it has the focus."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QStackedWidget, QTextBrowser, QWidget

from modelyard.ui.app import Desktop
from modelyard.ui.chat.transcript import Transcript
from modelyard.ui.design.tokens import DARK, LIGHT, Colours, contrast
from modelyard.ui.routes import Place
from modelyard.ui.settings.addresses import AddressesCard

from .scenes import pump, showing
from .test_scenes import visible

_SCENES = (
    "welcome",
    "chat_answer",
    "models",
    "personas",
    "persona_editor",
    "settings_engines",
    "settings_account",
    "settings_downloads",
    "selfcheck",
    "imports",
    "wizard_source",
    "wizard_check",
    "wizard_role",
)


def picture(widget: QWidget) -> QImage:
    """The widget as it is now, without the caret that blinks."""
    return widget.grab().toImage()


@pytest.mark.parametrize("name", _SCENES)
def test_every_control_shows_its_focus(qapp: QApplication, tmp_path: Path, name: str) -> None:
    with showing(qapp, tmp_path, name) as desk:
        desk.window.activateWindow()
        pump(0.05)
        unseen, focused = [], 0
        for widget in list(visible(desk.window, QWidget)):
            if not widget.focusPolicy() & Qt.FocusPolicy.TabFocus or not widget.isEnabled():
                continue
            texts = (QStackedWidget, QTextBrowser, Transcript)
            if isinstance(widget, texts) or widget.focusProxy() is not None:
                continue  # pages and texts to read: keys scroll them, nothing in them is pressed
            shown = widget.parentWidget() if isinstance(widget.parentWidget(), QAbstractScrollArea) else widget
            if (shown.parentWidget() or shown).objectName() == "composer":
                shown = shown.parentWidget()
            desk.window.setFocus()
            pump()
            before = picture(shown)
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            pump()
            focused += widget.hasFocus()
            if widget.hasFocus() and picture(shown) == before:
                unseen.append(f"{type(widget).__name__} {widget.objectName()} {widget.accessibleName()!r}")
        assert unseen == [] and focused >= 5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_the_ring_stands_out(colours: Colours) -> None:
    """3:1 is what WCAG asks of the outline of a control."""
    for ground in (colours.window, colours.surface, colours.rail, colours.raised, colours.accent_soft):
        assert contrast(colours.accent, ground) >= 3.0
    assert contrast(colours.text, colours.accent) >= 1.2  # the ring of a button that is filled with the accent


def walked(desk: Desktop, start: QWidget, steps: int) -> list[QWidget]:
    """What Tab comes to, beginning at `start`."""
    desk.window.activateWindow()
    start.setFocus(Qt.FocusReason.TabFocusReason)
    pump(0.02)
    found = []
    for _ in range(steps):
        QTest.keyClick(desk.window.focusWidget(), Qt.Key.Key_Tab)
        pump(0.01)
        found.append(desk.window.focusWidget())
    return found


def test_tab_goes_through_list_and_head_to_where_one_writes(qapp: QApplication, tmp_path: Path) -> None:
    with showing(qapp, tmp_path, "chat_answer") as desk:
        page = desk.window.page("chat")
        assert desk.window.focusWidget() is page._composer.field
        found = walked(desk, desk.window._rail._buttons[Place.CHAT], 7)
        expected = [page._list._search, page._list._list, page._header._more, page._composer.field]
        assert [each for each in found if each in expected] == expected


def test_tab_comes_to_the_open_view_of_the_rail(qapp: QApplication, tmp_path: Path) -> None:
    with showing(qapp, tmp_path, "models") as desk:
        reached = [each for each in walked(desk, desk.window.page("models").list_page._search, 30) if each is not None]
        rail = desk.window._rail
        assert {each for each in reached if rail.isAncestorOf(each)} == {rail._buttons[Place.MODELS]}


def test_tab_goes_through_addresses_as_they_stand(qapp: QApplication, tmp_path: Path) -> None:
    with showing(qapp, tmp_path, "settings_engines") as desk:
        card = desk.window.page("settings").section(1).findChild(AddressesCard)
        here, other = card.lines
        found = walked(desk, here.choose, 5)
        assert found == [here.trial.button, *other.controls[1:], card._edit, card._add_button]
