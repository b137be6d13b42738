"""The self-check page and its one Repair button."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QApplication

from modelyard.errors import Code, ModelyardError
from modelyard.importing.checkup import Finding, Part
from modelyard.ui.app import Desktop
from modelyard.ui.routes import Place
from modelyard.ui.selfcheck.view import FindingLine

from .scenes import press, wait_for
from .twins import House


def opened(desk: Desktop) -> Any:
    desk.window.go(Place.SETTINGS)
    press(desk.window, "Self-check")
    page: Any = desk.window.page("selfcheck")
    wait_for(lambda: bool(page._findings))
    return page


def test_what_is_wrong_is_told_and_repaired(desk: Desktop, house: House) -> None:
    page = opened(desk)
    assert desk.window.current == "selfcheck"
    assert page._verdict.text() == "Not everything is in order."
    names = [each.accessibleName() for each in page.findChildren(FindingLine)]
    assert any("localhost:abc" in name for name in names)
    press(page, "Repair")
    wait_for(lambda: not any(each.repairable for each in page._findings))
    assert not page._repair.isEnabled()
    still = [each for each in page._findings if not each.well]
    assert [each.part for each in still] == [Part.DISK, Part.PROXY]
    press(page, "Free up space")
    assert desk.window.current == "models"


def test_all_well(desk: Desktop, house: House) -> None:
    house.checkup.findings = [Finding(part) for part in Part]
    page = opened(desk)
    assert page._verdict.text() == "Everything that is needed is here."
    press(page, "Back to the settings")
    assert desk.window.current == "settings"


def test_the_report_to_copy(desk: Desktop, house: House) -> None:
    house.checkup.findings = [
        Finding(Part.SOURCE, ModelyardError(Code.HUB_UNREACHABLE, host="x", detail="http://lin:secret@proxy"))
    ]
    page = opened(desk)
    press(page, "Copy for help")
    copied = QApplication.clipboard().text()
    assert copied.startswith("Modelyard ") and "hub_unreachable" in copied and "secret" not in copied
