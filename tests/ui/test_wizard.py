"""The import wizard as a person walks it, with mouse and keys."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from modelyard.engines.base import EngineState, EngineStatus
from modelyard.errors import Code, ModelyardError
from modelyard.events import CancelToken
from modelyard.importing.inspection import Inspection, Note, Refusal
from modelyard.importing.jobs import JobState
from modelyard.importing.plan import ImportChoice, ImportPlan
from modelyard.ui.app import Desktop
from modelyard.ui.importing.hub_search import worth_asking
from modelyard.ui.importing.role_page import StarterCard
from modelyard.ui.importing.size_row import SizeRow
from modelyard.ui.routes import Place

from .scenes import FILE, press, pump, start_import, to_check, wait_for
from .twins import House, import_script, inspection_of, plan_of


def wizard(desk: Desktop) -> Any:
    return desk.window.page("wizard")


def texts(root: QWidget) -> str:
    return "\n".join(label.text() for label in root.findChildren(QLabel) if label.isVisible())


def buttons(root: QWidget) -> list[str]:
    return [each.text() for each in root.findChildren(QPushButton) if each.isVisible()]


def drop(window: QWidget, path: str) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(path)])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(400, 300), Qt.DropAction.CopyAction, data, buttons, keys)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(400, 300), Qt.DropAction.CopyAction, data, buttons, keys))


def test_drop_two_buttons_chat(desk: Desktop, qtbot: QtBot) -> None:
    desk.window.go(Place.CHAT)
    drop(desk.window, FILE)
    page = wizard(desk)
    wait_for(lambda: page._check.valid)
    assert "SmolLM2 135M Instruct" in texts(page) and "Works" in texts(page)
    qtbot.mouseClick(page._next, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page._next, Qt.MouseButton.LeftButton)
    wait_for(lambda: "is home" in texts(page))
    assert "Hello! I am SmolLM2" in texts(page)
    press(page, "Chat now")
    assert desk.window.current == "chat"
    session = desk.window.page("chat")._session
    wait_for(lambda: session.model is not None)
    assert session.model.name == "smollm2-135m-instruct"


def test_the_same_with_keys_only(desk: Desktop) -> None:
    desk.window.import_text(FILE)
    page = wizard(desk)
    wait_for(lambda: page._check.valid and page._next.hasFocus())
    QTest.keyClick(page._next, Qt.Key.Key_Return)
    wait_for(lambda: page._page is page._role and page._next.isEnabled())
    QTest.keyClick(desk.window.focusWidget(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait_for(lambda: page._page is page._done)
    wait_for(lambda: isinstance(desk.window.focusWidget(), QPushButton))
    QTest.keyClick(desk.window.focusWidget(), Qt.Key.Key_Return)
    wait_for(lambda: desk.window.current == "chat")


def test_back_loses_nothing(desk: Desktop, qtbot: QtBot) -> None:
    page = to_check(desk)
    rows = [row for row in page._check.findChildren(SizeRow) if row.option.size == "Q8_0"]
    qtbot.mouseClick(rows[0], Qt.MouseButton.LeftButton)
    wait_for(lambda: page._check.valid)
    assert page._next.text() == "Import anyway"  # it will not fit; the person may still
    qtbot.mouseClick(page._next, Qt.MouseButton.LeftButton)
    name = page._role.findChild(QLineEdit)
    name.setText("我的模型")
    mario = next(card for card in page._role.findChildren(StarterCard) if card.persona.system == "You are Mario.")
    qtbot.mouseClick(mario, Qt.MouseButton.LeftButton)
    QTest.keyClick(page, Qt.Key.Key_Escape)  # back
    assert page._page is page._check
    assert rows[0].isChecked()
    qtbot.mouseClick(page._next, Qt.MouseButton.LeftButton)
    assert (name.text(), mario.isChecked()) == ("我的模型", True)
    qtbot.mouseClick(page._next, Qt.MouseButton.LeftButton)
    wait_for(lambda: bool(desk.jobs.all()))
    choice = desk.jobs.all()[0].plan.choice
    assert (choice.size, choice.display_name, choice.persona.system) == ("Q8_0", "我的模型", "You are Mario.")


def test_something_unknown_is_said_and_another_can_be_chosen(desk: Desktop, house: House) -> None:
    house.inspection_error = ModelyardError(Code.GGUF_NOT_GGUF, name="notes.gguf")
    desk.window.import_text("/x/notes.gguf")
    page = wizard(desk)
    wait_for(lambda: "notes.gguf" in texts(page))
    assert not page._next.isEnabled()
    press(page, "Choose another")
    assert page._page is page._source


def test_try_again_after_an_error(desk: Desktop, house: House) -> None:
    house.inspection_error = ModelyardError(Code.FILE_CHANGED, name="model.gguf")
    desk.window.import_text(FILE)
    page = wizard(desk)
    wait_for(lambda: "changed while it was being read" in texts(page))
    house.inspection_error = None
    press(page, "Try again")
    wait_for(lambda: page._check.valid)


def test_a_refusal_stands_under_what_it_is(desk: Desktop, house: House) -> None:
    def refused(path: Path) -> Inspection:
        return replace(
            inspection_of(path), refusal=Refusal(Code.GGUF_NO_MODEL, {"name": "x", "kind": "mmproj"}), sizes=()
        )

    house.inspection = refused
    desk.window.import_text(FILE)
    page = wizard(desk)
    wait_for(lambda: "Not yet" in texts(page))
    assert not page._next.isEnabled()


def test_the_unpacked_sibling_is_one_press_away(desk: Desktop, house: House) -> None:
    def packed(path: Path) -> Inspection:
        note = Note("sixteen_bit_sibling", {"base_model": "org/original"})
        refusal = Refusal(Code.PACKING_UNKNOWN, {"name": "x", "method": "exl2", "base_model": "org/original"})
        return replace(inspection_of(path), refusal=refusal, sizes=(), warnings=(note,))

    house.inspection = packed
    asked: list[str] = []
    desk.window.context.routes.import_text.connect(asked.append)
    desk.window.import_text(FILE)
    page = wizard(desk)
    wait_for(lambda: "Look at org/original" in buttons(page))
    house.inspection = inspection_of
    press(page, "Look at org/original")
    assert asked == ["org/original"]
    wait_for(lambda: page._draft.text == "org/original")


def test_a_closed_door_is_tried_again(desk: Desktop, house: House) -> None:
    """By its button, and by itself when the person comes back from the settings or from the browser."""
    looks: list[Path] = []

    def gated(path: Path) -> Inspection:
        looks.append(path)
        door = Refusal(Code.HUB_GATED_TERMS, {"name": "org/model", "url": "https://huggingface.co/org/model"})
        return replace(inspection_of(path), refusal=door, sizes=())

    house.inspection = gated
    desk.window.import_text(FILE)
    page = wizard(desk)
    wait_for(lambda: "accept the terms there" in texts(page))
    assert "Open the page" in buttons(page) and not page._next.isEnabled()
    press(page, "Check again")
    wait_for(lambda: len(looks) == 2 and "Check again" in buttons(page))
    desk.window.go(Place.SETTINGS)
    desk.window.import_text("")
    wait_for(lambda: len(looks) == 3 and "Check again" in buttons(page))
    house.inspection = inspection_of
    QApplication.instance().applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
    wait_for(lambda: page._check.valid)


def test_name_taken_is_asked_again(desk: Desktop, qtbot: QtBot) -> None:
    page = to_check(desk)
    qtbot.mouseClick(page._next, Qt.MouseButton.LeftButton)
    name = page._role.findChild(QLineEdit)
    name.setText("taken")
    qtbot.mouseClick(page._next, Qt.MouseButton.LeftButton)
    wait_for(lambda: not page._next.isEnabled() and not name.isVisible() and any_error(page))
    press(page, "Choose another name")
    assert name.isVisible()
    name.setText("free")
    qtbot.mouseClick(page._next, Qt.MouseButton.LeftButton)
    wait_for(lambda: bool(desk.jobs.all()))


def any_error(page: QWidget) -> bool:
    from modelyard.ui.widgets.error_panel import ErrorPanel

    return any(panel.isVisible() for panel in page.findChildren(ErrorPanel))


def test_pause_from_the_wizard_go_on_from_imports(desk: Desktop, house: House, qtbot: QtBot) -> None:
    house.script = import_script(pause=5.0)
    page = to_check(desk)
    qtbot.mouseClick(page._next, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page._next, Qt.MouseButton.LeftButton)
    wait_for(lambda: bool(desk.jobs.all()))
    pump(0.1)
    press(page, "Pause")
    assert desk.window.current == "imports"
    wait_for(lambda: desk.jobs.all()[0].state is JobState.PAUSED)
    house.script = import_script()
    imports = desk.window.page("imports")
    pump(0.1)
    press(imports, "Go on")
    wait_for(lambda: desk.jobs.all()[0].state is JobState.DONE)
    pump(0.1)
    assert "Tested: answers and stops correctly." in texts(imports)


def test_failure_has_its_button_in_imports(desk: Desktop, house: House, qtbot: QtBot) -> None:
    full = {"folder": "/x", "need_bytes": 5_000_000_000, "free_bytes": 1_000_000}
    house.script = [*import_script()[:4], {"event": "failed", "code": "disk_full", "fields": full}]
    page = to_check(desk)
    qtbot.mouseClick(page._next, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page._next, Qt.MouseButton.LeftButton)
    wait_for(lambda: bool(desk.jobs.all()) and desk.jobs.all()[0].state is JobState.FAILED)
    desk.window.go(Place.IMPORTS)
    imports = desk.window.page("imports")
    assert "5.0 GB are needed" in texts(imports)
    press(imports, "Free up space")
    assert desk.window.current == "models"


def test_search_as_you_type(desk: Desktop, house: House, qtbot: QtBot) -> None:
    desk.window.import_text("")
    page = wizard(desk)
    field = page._source.findChild(QLineEdit)
    pump(0.05)
    field.setFocus()
    qtbot.keyClicks(field, "qwen")
    wait_for(lambda: field.completer() is not None and field.completer().popup().isVisible())
    assert house.searched == ["qwen"]
    popup = field.completer().popup()
    QTest.keyClick(popup, Qt.Key.Key_Down)
    QTest.keyClick(popup, Qt.Key.Key_Return)
    wait_for(lambda: page._page is page._check)
    assert page._draft.text == "Qwen/Qwen2.5-0.5B-Instruct"


@pytest.mark.parametrize(
    ("text", "asked"),
    [("qw", False), ("qwen", True), ("/home/x", False), ("C:\\x", False), ("https://x", False), ("a.gguf", False)],
)
def test_only_words_are_searched(text: str, asked: bool) -> None:
    assert worth_asking(text) is asked


def test_a_model_that_is_here_already(desk: Desktop) -> None:
    desk.window.import_text("")
    page = wizard(desk)
    press(page, "More")
    press(page, "A model that is here already")
    wait_for(lambda: any(menu.isVisible() for menu in page.findChildren(QMenu)))
    menu = next(menu for menu in page.findChildren(QMenu) if menu.isVisible())
    menu.actions()[0].trigger()
    wait_for(lambda: page._page is page._check)
    assert page._draft.text == "builtin:smollm2-135m-instruct"
    menu.close()


class Sleeping:
    """An Ollama that is installed and does not run until it is started; `refuse`: it does not start."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.refuse: ModelyardError | None = None
        self.go = threading.Event()
        house.settings.set("engine", "ollama")
        house.ollama.state = EngineState.STOPPED
        house.ollama.start = self.start  # type: ignore[attr-defined]
        house.plan = self.plan

    def plan(self, inspection: Inspection, choice: ImportChoice) -> ImportPlan | Refusal:
        if choice.engine == "ollama" and self._house.ollama.state is EngineState.STOPPED:
            return Refusal(Code.OLLAMA_STOPPED, {"address": "127.0.0.1:11434"})
        return plan_of(inspection, choice)

    def start(self, cancel: CancelToken) -> EngineStatus:
        while not self.go.wait(0.01):
            cancel.check()
        if self.refuse is not None:
            raise self.refuse
        self._house.ollama.state = EngineState.READY
        return self._house.ollama.status()


def test_ollama_is_started_where_it_is_needed(desk: Desktop, house: House) -> None:
    sleeping = Sleeping(house)
    desk.window.import_text(FILE)
    page = wizard(desk)
    wait_for(lambda: "Start Ollama" in buttons(page))
    rows = [each for each in page.findChildren(SizeRow) if each.isVisible()]
    rows[-1].click()
    wait_for(lambda: "Start Ollama" in buttons(page))
    chosen = page._check._sizes.current.size
    press(page, "Start Ollama")
    wait_for(lambda: "Starting Ollama" in texts(page))
    assert desk.window.current == "wizard" and not page._next.isEnabled()
    sleeping.refuse = ModelyardError(Code.OLLAMA_START_FAILED, detail="exit status 1")
    sleeping.go.set()
    wait_for(lambda: "did not start" in texts(page))
    sleeping.refuse = None
    press(page, "Try again")
    wait_for(lambda: "Start Ollama" in buttons(page))
    press(page, "Start Ollama")
    wait_for(lambda: page._check.valid)
    assert page._check._sizes.current.size == chosen and page._check._destination.engine == "ollama"


def stopped_import(desk: Desktop, house: House) -> Any:
    """An import that failed because Ollama had been ended meanwhile; the wizard shows it."""
    stopped = {"event": "failed", "code": "ollama_stopped", "fields": {"address": "127.0.0.1:11434"}}
    house.script = [*import_script()[:6], stopped]
    page = start_import(desk)
    wait_for(lambda: "Start Ollama" in buttons(page))
    house.script = import_script()
    return page


def test_a_failed_import_starts_ollama_and_goes_on(desk: Desktop, house: House) -> None:
    page = stopped_import(desk, house)
    sleeping = Sleeping(house)
    press(page, "Start Ollama")
    assert "Starting Ollama …" in buttons(page) and "Start Ollama" not in buttons(page)
    sleeping.go.set()
    wait_for(lambda: page._page is page._done)


def test_a_job_card_starts_ollama_and_goes_on(desk: Desktop, house: House) -> None:
    stopped_import(desk, house)
    sleeping = Sleeping(house)
    desk.window.go(Place.IMPORTS)
    imports = desk.window.page("imports")
    press(imports, "Start Ollama")
    assert "Starting Ollama …" in buttons(imports)
    sleeping.go.set()
    wait_for(lambda: desk.jobs.all()[0].state is JobState.DONE)


def test_from_done_to_a_persona_and_to_publishing(desk: Desktop) -> None:
    page = start_import(desk)
    wait_for(lambda: "Make a persona" in buttons(page))
    press(page, "Make a persona")
    wait_for(lambda: desk.window.current == "personas")
    personas: Any = desk.window.page("personas")
    wait_for(lambda: personas.editing)
    assert personas.editor.draft().persona.base == "smollm2-135m-instruct"
    desk.window.go("wizard")
    wait_for(lambda: "Publish" in buttons(page))
    press(page, "Publish")
    wait_for(lambda: desk.window.current == "models")
    models: Any = desk.window.page("models")
    assert models.currentWidget() is models.publish_page
    pump(0.2)
