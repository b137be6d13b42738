"""Models with real engines behind the window: found, named anew, moved, removed, fetched; by mouse and keys."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from modelyard.bootstrap import House
from modelyard.engines.base import EngineState, RunningModel
from modelyard.errors import Action, Code, ModelyardError
from modelyard.importing.jobs import JobState
from modelyard.ui.app import Desktop
from modelyard.ui.models import actions as actions_module
from modelyard.ui.models.actions import ModelActions
from modelyard.ui.models.details import DetailsDialog
from modelyard.ui.models.engine_line import EngineLine
from modelyard.ui.models.library import Entry
from modelyard.ui.models.move_dialog import MoveDialog
from modelyard.ui.models.name_dialog import NameDialog
from modelyard.ui.models.offers import MoveOffer
from modelyard.ui.routes import Place
from modelyard.ui.widgets.error_panel import ErrorPanel
from tests.builders.gguf_files import tiny_llama
from tests.builders.ollama_gguf import CHATML
from tests.builders.ollama_server import OllamaServer

from .models_house import models_view, put_in, real_house
from .scenes import press, pump, wait_for
from .twins import MODEL
from .twins import House as TwinHouse


@pytest.fixture
def real(tmp_path: Path, new_server: OllamaServer) -> Iterator[House]:
    with real_house(tmp_path, new_server) as house:
        put_in(house, "builtin", "mario", "马里奥")
        put_in(house, "ollama", "llama3.2:3b")
        yield house


def shown(page: Any) -> list[str]:
    rows = page.list_page.list.model()
    return [rows.data(rows.index(row)) for row in range(rows.rowCount())]


def entry(page: Any, name: str) -> Entry:
    listed = page.list_page._views.values()
    return next(each for view in listed for each in view.entries if each.model.name == name)


def dialog(desk: Desktop, kind: type[QWidget]) -> Any:
    wait_for(lambda: any(each.isVisible() for each in desk.window.findChildren(kind)))
    return next(each for each in desk.window.findChildren(kind) if each.isVisible())


def agree(monkeypatch: pytest.MonkeyPatch, answer: bool = True) -> list[str]:
    asked: list[str] = []

    def ask(_parent: QWidget, question: str, text: str, _yes: str, _no: str) -> bool:
        asked.append(f"{question} {text}")
        return answer

    monkeypatch.setattr(actions_module, "ask", ask)
    return asked


def test_both_engines_in_one_list(qapp: QApplication, real: House, qtbot: QtBot) -> None:
    with models_view(qapp, real) as (_desk, page):
        assert shown(page) == ["llama3.2:3b", "马里奥"]
        qtbot.keyClicks(page.list_page._search, "mario")
        assert shown(page) == ["马里奥"]
        page.list_page._search.clear()
        page.list_page._order.setCurrentIndex(1)
        assert set(shown(page)) == {"llama3.2:3b", "马里奥"}


def test_rename_keeps_role_and_weights(qapp: QApplication, real: House) -> None:
    with models_view(qapp, real) as (desk, page):
        page.list_page.list.choose(("builtin", "mario"))
        QTest.keyClick(page.list_page.list, Qt.Key.Key_F2)
        asked = dialog(desk, NameDialog)
        asked._shown.setText("路易吉")
        asked._technical.setText("luigi")
        press(asked, "Rename")
        wait_for(lambda: "路易吉" in shown(page))
        assert page.list_page.list.current.model.name == "luigi"
    (model,) = real.engines["builtin"].models()
    assert (model.name, model.display_name) == ("luigi", "路易吉")
    assert real.engines["builtin"].show("luigi").persona.system == "You are Mario."


def test_a_taken_name_is_said_in_the_dialog(qapp: QApplication, real: House) -> None:
    put_in(real, "ollama", "gemma3")
    with models_view(qapp, real) as (desk, page):
        page.list_page.actions.rename(entry(page, "llama3.2:3b"))
        asked = dialog(desk, NameDialog)
        asked._technical.setText("GEMMA3")
        press(asked, "Rename")
        wait_for(lambda: asked._problem.isVisible())
        assert "gemma3" in asked._problem.text().lower()
        asked._technical.setText("mine:1b")
        press(asked, "Rename")
        wait_for(lambda: "mine:1b" in shown(page))
        assert "llama3.2:3b" not in shown(page)


def test_duplicate_shares_the_weights(qapp: QApplication, real: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = agree(monkeypatch)
    with models_view(qapp, real) as (desk, page):
        page.list_page.actions.duplicate(entry(page, "mario"))
        press(dialog(desk, NameDialog), "Duplicate")
        wait_for(lambda: "马里奥 2" in shown(page))
        page.list_page.actions.remove(entry(page, "mario-2"))
        wait_for(lambda: "马里奥 2" not in shown(page))
    assert "Nothing becomes free" in asked[0]
    assert [model.name for model in real.engines["builtin"].models()] == ["mario"]


def test_remove_says_what_becomes_free(qapp: QApplication, real: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = agree(monkeypatch, answer=False)
    with models_view(qapp, real) as (_desk, page):
        page.list_page.list.choose(("builtin", "mario"))
        QTest.keyClick(page.list_page.list, Qt.Key.Key_Delete)
        wait_for(lambda: bool(asked))
        assert "frees 1" in asked[0] and "kB" in asked[0]
        assert len(real.engines["builtin"].models()) == 1
        agree(monkeypatch)
        page.list_page.actions.remove(entry(page, "mario"))
        wait_for(lambda: shown(page) == ["llama3.2:3b"])


def test_move_and_then_the_old_one_goes(qapp: QApplication, real: House) -> None:
    with models_view(qapp, real) as (desk, page):
        page.list_page.actions.move(entry(page, "mario"), "ollama")
        asked = dialog(desk, MoveDialog)
        wait_for(lambda: asked._agree.isEnabled(), 30)
        press(asked, "Start")
        assert desk.window.current == Place.IMPORTS
        wait_for(lambda: not desk.jobs.busy and bool(desk.jobs.all()), 60)
        (job,) = desk.jobs.all()
        assert (job.state, job.error_code) == (JobState.DONE, "")
        assert "original" not in job.result  # the file belongs to an engine: nothing to delete
        desk.window.go(Place.MODELS)
        offer = dialog(desk, MoveOffer)
        press(offer, "Remove it from the built-in engine")
        wait_for(lambda: real.engines["builtin"].models() == [])
    moved = real.engines["ollama"].show(str(job.result["name"]))
    assert moved.persona.system == "You are Mario."
    assert moved.persona.parameters["temperature"] == pytest.approx(0.7)


def test_pull_shows_what_comes(
    qapp: QApplication, real: House, new_server: OllamaServer, tmp_path: Path, qtbot: QtBot
) -> None:
    new_server.library["qwen3:0.6b"] = tiny_llama(chat_template=CHATML).write(tmp_path / "qwen.gguf")
    with models_view(qapp, real) as (_desk, page):
        press(page, "Ollama library")
        card = page.list_page.pull_card
        qtbot.keyClicks(card._field, "ollama run qwen3:0.6b")
        QTest.keyClick(card._field, Qt.Key.Key_Return)
        wait_for(lambda: "qwen3:0.6b" in shown(page))
        assert not card.isVisible()
        assert page.list_page.list.current.model.name == "qwen3:0.6b"


def test_a_pull_that_fails_says_why(qapp: QApplication, real: House, qtbot: QtBot) -> None:
    with models_view(qapp, real) as (_desk, page):
        press(page, "Ollama library")
        card = page.list_page.pull_card
        qtbot.keyClicks(card._field, "nothing-of-that-name")
        press(card, "Get")
        wait_for(lambda: any(each.isVisible() for each in card.findChildren(ErrorPanel)))
        assert card._field.isVisible() and not card.busy


def test_a_pull_can_be_stopped(
    qapp: QApplication, real: House, new_server: OllamaServer, tmp_path: Path, qtbot: QtBot
) -> None:
    new_server.library["slow"] = tiny_llama(chat_template=CHATML).write(tmp_path / "slow.gguf")
    new_server.go_on.clear()
    with models_view(qapp, real) as (_desk, page):
        press(page, "Ollama library")
        card = page.list_page.pull_card
        qtbot.keyClicks(card._field, "slow")
        press(card, "Get")
        wait_for(lambda: card._bar.isVisible() and card.busy)
        press(card, "Cancel")
        assert not card.busy and card._said.isVisible()
        new_server.go_on.set()
        pump(0.5)
        assert "slow" not in shown(page)


def test_details_can_be_copied(qapp: QApplication, real: House) -> None:
    with models_view(qapp, real) as (desk, page):
        page.list_page.actions.details(entry(page, "mario"))
        box = dialog(desk, DetailsDialog)
        press(box, "Copy path")
        assert QApplication.clipboard().text().endswith("model.gguf")
        press(box, "Copy all")
        assert "general.architecture" in QApplication.clipboard().text()
        press(box, "Close")


# --- with twins: states that real engines do not take at will ----------------------------------------------------


def models(desk: Desktop) -> Any:
    desk.window.go(Place.MODELS)
    page: Any = desk.window.page("models")
    wait_for(lambda: len(page.list_page._views) == 2)
    pump(0.05)
    wait_for(lambda: not page.list_page._rest.isActive())  # then the panel shows what is chosen
    return page


def test_loaded_models_are_marked_and_unloaded(desk: Desktop, house: TwinHouse) -> None:
    house.engine.loaded = [RunningModel(MODEL.name, 900_000_000)]
    page = models(desk)
    assert page.list_page.list.current.running is not None
    press(page, "Unload")
    wait_for(lambda: page.list_page.list.current.running is None)
    assert house.engine.loaded == []


@pytest.mark.parametrize(
    ("state", "words", "button"),
    [
        (EngineState.MISSING, "not on this computer", "Get Ollama"),
        (EngineState.STOPPED, "not running", "Start Ollama"),
        (EngineState.UNREACHABLE, "does not answer", "Open settings"),
    ],
)
def test_an_engine_that_is_down_is_a_calm_line(
    desk: Desktop, house: TwinHouse, state: EngineState, words: str, button: str
) -> None:
    house.ollama.state = state
    page = models(desk)
    (line,) = [each for each in page.findChildren(EngineLine) if each.isVisible()]
    assert any(words in label.text() for label in line.findChildren(QLabel))
    wanted: list[Action] = []
    desk.window.context.routes.mend.disconnect()
    desk.window.context.routes.mend.connect(lambda action, _error: wanted.append(action))
    press(line, button)
    pump(0.2)
    assert shown(page) == [MODEL.display_name]
    assert bool(wanted) is (state is not EngineState.STOPPED)


def test_five_hundred_models_are_no_work(desk: Desktop, house: TwinHouse, qtbot: QtBot) -> None:
    house.engine.list = [replace(MODEL, name=f"model-{number:03}", display_name="") for number in range(500)]
    page = models(desk)
    assert len(shown(page)) == 500
    widgets = len(page.findChildren(QWidget))
    started = time.thread_time()
    page.list_page._search.setText("model-4")
    page.list_page.list.grab()
    assert time.thread_time() - started < 2
    assert len(shown(page)) == 100 and len(page.findChildren(QWidget)) < widgets + 40
    page.list_page.list.setFocus()
    QTest.keyClick(page.list_page.list, Qt.Key.Key_End)
    assert page.list_page.list.current.model.name == "model-499"


def test_enter_chats_with_the_chosen_one(desk: Desktop, house: TwinHouse) -> None:
    page = models(desk)
    QTest.keyClick(page.list_page.list, Qt.Key.Key_Return)
    assert desk.window.current == Place.CHAT


def test_a_cloud_model_offers_only_what_works(desk: Desktop, house: TwinHouse) -> None:
    page = models(desk)
    actions: ModelActions = page.list_page.actions
    labels = [each.text for each in actions.of(Entry(replace(MODEL, remote=True)))]
    assert labels == ["Chat", "Details", "Remove"]


def test_making_smaller_is_an_import(desk: Desktop, house: TwinHouse) -> None:
    page = models(desk)
    asked: list[str] = []
    desk.window.context.routes.import_text.disconnect()
    desk.window.context.routes.import_text.connect(asked.append)
    press(page, f"Make smaller: {MODEL.display_name}")
    assert asked == [f"builtin:{MODEL.name}"]


def test_no_model_yet(desk: Desktop, house: TwinHouse) -> None:
    house.engine.list.clear()
    page = models(desk)
    wait_for(lambda: page.list_page.states.currentWidget() is page.list_page._empty)


def test_a_fault_stands_above_the_list(desk: Desktop, house: TwinHouse) -> None:
    page = models(desk)
    page.list_page.actions.failed.emit(ModelyardError(Code.ENGINE_MODEL_MISSING, name="x"))
    pump(0.05)
    (panel,) = [each for each in page.findChildren(ErrorPanel) if each.isVisible()]
    assert page.list_page.list.isVisible()
    panel.findChild(QPushButton).click()
    wait_for(lambda: not [each for each in page.findChildren(ErrorPanel) if each.isVisible()])


def test_free_space_from_an_error_elsewhere(desk: Desktop, house: TwinHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    from modelyard.ui.models import free_space_page

    monkeypatch.setattr(free_space_page, "ask", lambda *_: True)
    left = house.folders.work / "gone" / "model.gguf.part"
    left.parent.mkdir()
    left.write_bytes(b"x" * 300_000)
    full = ModelyardError(Code.DISK_FULL, folder="/x", need_bytes=2, free_bytes=1)
    desk.window.context.routes.mend_error(Action.FREE_SPACE, full)
    page: Any = desk.window.page("models")
    assert page.currentWidget() is page.free_space_page
    wait_for(lambda: bool(page.free_space_page._boxes))
    press(page, "Remove what is chosen")
    wait_for(lambda: not left.exists())
    wait_for(lambda: page.free_space_page.states.currentWidget() is page.free_space_page._empty)
    QTest.keyClick(page.free_space_page, Qt.Key.Key_Escape)
    assert page.currentWidget() is page.list_page
