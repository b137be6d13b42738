"""The shell: rail, shortcuts, language while running, faults, closing with work under way."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import QFile, QMimeData, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton

from modelyard.errors import Action, Code, ModelyardError
from modelyard.importing.jobs import JobState
from modelyard.ui.app import Desktop, Opening, _LastNet
from modelyard.ui.background import in_background
from modelyard.ui.importing.original import OriginalOffer
from modelyard.ui.routes import Place
from modelyard.ui.settings.view import SettingsView
from modelyard.ui.shell.banner import Banner
from modelyard.ui.shell.drop import dropped_text
from modelyard.ui.shell.fault import FaultPanel
from modelyard.ui.widgets.error_panel import ErrorPanel

from .scenes import press, pump, start_import, wait_for
from .twins import House, import_script


def test_rail_by_mouse_and_keys(desk: Desktop) -> None:
    desk.window.go(Place.CHAT)
    for number, place in enumerate(Place, 1):
        QTest.keyClick(desk.window, getattr(Qt.Key, f"Key_{number}"), Qt.KeyboardModifier.ControlModifier)
        assert desk.window.current == place
    rail = [each for each in desk.window.findChildren(QToolButton) if each.accessibleName() == "Models"]
    QTest.mouseClick(rail[0], Qt.MouseButton.LeftButton)
    assert desk.window.current == "models"


def test_pages_are_built_when_first_shown(desk: Desktop) -> None:
    desk.window.go(Place.CHAT)
    assert set(desk.window._pages) == {"chat"}


def test_language_changes_while_the_window_runs(desk: Desktop, house: House) -> None:
    desk.window.go(Place.SETTINGS)
    first = desk.window
    house.settings.set("language", "zh_CN")
    wait_for(lambda: desk.window is not first)
    pump(0.1)
    assert desk.window.current == "settings"
    assert isinstance(desk.window.page("settings"), SettingsView)
    words = {label.text() for label in desk.window.page("settings").findChildren(QLabel)}
    assert {"设置", "语言与外观", "外观"} <= words
    assert not shiboken6.isValid(first)


@pytest.mark.parametrize(
    ("urls", "text", "expected"),
    [
        (["file:///x/模型 1.gguf", "file:///x/b"], "", "/x/模型 1.gguf"),
        (["https://huggingface.co/a/b"], "", "https://huggingface.co/a/b"),
        ([], "org/model", "org/model"),
        ([], "two\nlines", ""),
        ([], "x" * 5000, ""),
        ([], "", ""),
    ],
)
def test_what_was_dropped(urls: list[str], text: str, expected: str) -> None:
    data = QMimeData()
    if urls:
        data.setUrls([QUrl(url) for url in urls])
    if text:
        data.setText(text)
    assert dropped_text(data) == expected


def test_a_fault_is_shown_not_swallowed(desk: Desktop, caplog: pytest.LogCaptureFixture) -> None:
    desk.window.go(Place.MODELS)
    try:
        raise ZeroDivisionError("nobody expected this")
    except ZeroDivisionError:
        kind, value, trace = sys.exc_info()
        assert kind is not None and value is not None
        _LastNet(desk)(kind, value, trace)
    (panel,) = desk.window.findChildren(FaultPanel)
    assert panel.isVisible()
    assert "nobody expected this" in caplog.text


def test_copy_for_help_has_no_secrets(desk: Desktop) -> None:
    error = ModelyardError(Code.INTERNAL, detail="token hf_abcdefghijklmnopqrstuvwxyz012345 refused")
    panel: ErrorPanel = desk.window.context.error_panel(error)
    panel._copy_report()
    copied = QApplication.clipboard().text()
    assert "refused" in copied and "abcdefghijkl" not in copied


def test_closing_asks_while_an_import_runs(desk: Desktop, house: House, monkeypatch: Any) -> None:
    house.script = import_script(pause=5.0)
    start_import(desk)
    wait_for(lambda: bool(desk.jobs.all()))
    answers = [False, True]
    monkeypatch.setattr("modelyard.ui.shell.window.ask", lambda *_words: answers.pop(0))
    assert not desk.window.close()
    assert desk.window.isVisible()
    assert desk.window.close()
    desk.close()
    assert desk.jobs.all()[0].state is JobState.INTERRUPTED


def test_closing_asks_while_a_model_is_published_or_fetched(desk: Desktop, house: House, monkeypatch: Any) -> None:
    asked: list[str] = []

    def ask(_parent: object, question: str, text: str, *_buttons: str) -> bool:
        asked.append(f"{question} {text}")
        return len(asked) > 1

    monkeypatch.setattr("modelyard.ui.shell.window.ask", ask)
    desk.window.go(Place.MODELS)
    view: Any = desk.window.page("models")
    view.publish_page._sending = True
    view.list_page.pull_card._call = in_background(view, lambda token: token.wait(5.0), print, print)
    house.settings.set("language", "zh_CN")
    pump(0.1)
    assert desk.window.page("models") is view, "another language must not end it"
    assert "next start" in desk.window._toast._text.text()
    assert not desk.window.close()
    assert "still being published" in asked[0] and "Ollama library" in asked[0] and "import" not in asked[0]
    assert desk.window.close()
    assert not view.publish_page.sending and not view.list_page.pull_card.busy


@pytest.mark.parametrize(
    ("action", "place"),
    [
        (Action.FREE_SPACE, "models"),
        (Action.OPEN_SETTINGS, "settings"),
        (Action.OPEN_ACCOUNT, "settings"),
        (Action.CHOOSE_OTHER, "wizard"),
        (Action.NONE, "chat"),
    ],
)
def test_where_the_buttons_of_errors_lead(desk: Desktop, action: Action, place: str) -> None:
    desk.window.go(Place.CHAT)
    desk.window.context.routes.mend_error(action, ModelyardError(Code.INTERNAL))
    assert desk.window.current == place


def test_settings_take_effect_and_are_kept(desk: Desktop, house: House) -> None:
    from PySide6.QtWidgets import QComboBox, QSpinBox

    desk.window.go(Place.SETTINGS)
    page = desk.window.page("settings")
    wait_for(lambda: len(page.findChildren(QSpinBox)) > 1)  # sections are built one after the other
    look = next(each for each in page.findChildren(QComboBox) if each.accessibleName() == "Look")
    look.setCurrentIndex(2)
    look.activated.emit(2)
    threads = next(each for each in page.findChildren(QSpinBox) if each.accessibleName() == "Processor cores used")
    threads.setValue(3)
    threads.editingFinished.emit()
    assert (house.settings.text("look"), house.settings.number("threads")) == ("dark", 3)
    assert desk.theme.dark


def test_the_careful_answer_is_the_default(desk: Desktop, qtbot: Any) -> None:
    """A real question, answered with keys."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QMessageBox

    from modelyard.ui.widgets.ask import ask

    def press(key: Qt.Key) -> None:
        box = next(each for each in desk.window.findChildren(QMessageBox) if each.isVisible())
        QTest.keyClick(box, key)

    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Return):
        QTimer.singleShot(50, desk.window, lambda key=key: press(key))
        assert not ask(desk.window, "Really?", "<b>plain</b>", "Yes", "No")


def test_interrupted_imports_are_told_and_go_on(qapp: QApplication, house: House) -> None:
    house.script = import_script(pause=5.0)
    first = Desktop(qapp, house.services)
    start_import(first)
    wait_for(lambda: bool(first.jobs.all()))
    first.close()
    first.window.leave()
    house.script = import_script()
    again = Desktop(qapp, house.services)
    again.open(Opening())
    (banner,) = again.window.findChildren(Banner)
    assert "SmolLM2 135M Instruct was interrupted" in banner.accessibleName()
    press(banner, "Go on")
    wait_for(lambda: again.jobs.all()[0].state is JobState.DONE)
    assert again.window.current == "imports"
    again.close()
    again.window.leave()


def test_damaged_settings_are_told(qapp: QApplication, tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("{broken", encoding="utf-8")
    house = House(tmp_path)
    desk = Desktop(qapp, house.services)
    desk.open(Opening())
    (banner,) = desk.window.findChildren(Banner)
    assert "settings.damaged-" in banner.accessibleName()
    desk.close()
    desk.window.leave()
    house.close()


def test_the_original_goes_to_the_bin_only_when_asked(
    desk: Desktop, house: House, tmp_path: Path, monkeypatch: Any
) -> None:
    original = tmp_path / "模型.gguf"
    original.write_bytes(b"GGUF" * 10)
    house.script = import_script()
    house.script[-1]["result"] |= {"original": str(original), "original_bytes": 40}  # type: ignore[index]
    page = start_import(desk)
    wait_for(lambda: page._page is page._done)
    offers = page.findChildren(OriginalOffer)
    wait_for(lambda: offers[-1].isVisible())
    thrown: list[str] = []
    monkeypatch.setattr("modelyard.ui.importing.original.ask", lambda *_words: True)
    monkeypatch.setattr(QFile, "moveToTrash", lambda path: bool(thrown.append(path)) or True)
    press(offers[-1], "Move it to the bin")
    wait_for(lambda: not offers[-1].isVisible())
    assert thrown == [str(original)]
