"""The personas page as a person uses it: choose, try, apply, keep, throw away, take from and give as files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialog, QLineEdit, QMessageBox, QPushButton, QWidget

from modelyard.engines.base import InstallRequest, Ownership
from modelyard.engines.dummy import DummyEngine
from modelyard.engines.ollama.engine import OllamaEngine
from modelyard.errors import Code, ModelyardError
from modelyard.events import CancelToken
from modelyard.modelfile.cards.exchange import CardKind, read_card, write_card
from modelyard.modelfile.persona import ExampleMessage, Persona
from modelyard.modelfile.store import PersonaStore
from modelyard.ui.app import Desktop
from modelyard.ui.personas import files
from modelyard.ui.personas.draft import Draft
from modelyard.ui.personas.gallery import PersonaCard
from modelyard.ui.personas.view import PersonasView
from modelyard.ui.routes import Place
from tests.builders.ollama_gguf import CHATML, write_gguf
from tests.builders.ollama_server import OllamaServer

from .scenes import press, pump, wait_for
from .twins import House


class Twin(DummyEngine):
    """The dummy engine in the place of the built-in one."""

    id = "builtin"


@pytest.fixture
def twin(house: House, tmp_path: Path) -> Twin:
    made = Twin()
    gguf = write_gguf(tmp_path / "small.gguf", CHATML)
    installed = InstallRequest("small", gguf, Ownership.THEIRS, Persona(system="Old.", parameters={"seed": 1}))
    made.install(installed, lambda _event: None, CancelToken())
    house.engine = made  # type: ignore[assignment]
    return made


@pytest.fixture
def page(twin: Twin, desk: Desktop) -> PersonasView:
    desk.window.resize(1280, 860)
    return opened(desk)


def opened(desk: Desktop) -> PersonasView:
    desk.window.go(Place.PERSONAS)
    made = desk.window.page("personas")
    assert isinstance(made, PersonasView)
    wait_for(lambda: made._gallery.filled)
    return made


def card(page: PersonasView, title: str) -> PersonaCard:
    return next(each for each in page.findChildren(PersonaCard) if each.choice.title == title and each.isVisible())


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def dialog() -> QDialog:
    found: list[QDialog] = []

    def look() -> bool:
        found[:] = [each for each in QApplication.topLevelWidgets() if isinstance(each, QDialog) and each.isVisible()]
        return bool(found)

    wait_for(look)
    return found[0]


def answer_box(text: str) -> Callable[[], None]:
    """Presses a button of the next message box."""

    def press_it() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        next(each for each in box.buttons() if each.text() == text).click()

    return press_it


def name_in(asked: QDialog, name: str) -> QLineEdit:
    return next(each for each in asked.findChildren(QLineEdit) if each.accessibleName() == name)


def applied(page: PersonasView, press_create: bool = True) -> None:
    click(page.editor.head._apply)
    if press_create:
        asked = dialog()
        press(asked, "Create")
        wait_for(lambda: not asked.isVisible())
    wait_for(lambda: page.editor.head.state.startswith("Lives in"))


def test_starter_to_model_to_change(page: PersonasView, twin: Twin, house: House) -> None:
    click(card(page, "Mario"))
    wait_for(lambda: page.editing)
    assert page.editor.source.text() == "FROM small\nSYSTEM You are Mario.\n"
    applied(page)
    assert twin.models()[0].name == "mario"
    made = twin.show("mario").persona
    assert (made.system, made.name, dict(made.parameters)) == ("You are Mario.", "Mario", {}), "nothing is inherited"
    assert twin.show("small").persona.system == "Old.", "the base stays as it is"
    edit = page.editor.text
    edit.setFocus()
    edit.moveCursor(QTextCursor.MoveOperation.End)
    QTest.keyClicks(edit, "PARAMETER temperature 0.3")
    applied(page, press_create=False)
    wait_for(lambda: dict(twin.show("mario").persona.parameters) == {"temperature": 0.3})
    stored = PersonaStore(house.folders.personas)
    wait_for(lambda: [each.persona.name for each in stored.personas()] == ["Mario"])
    assert stored.load("Mario").document.text.endswith("PARAMETER temperature 0.3")
    click(page.editor.head._chat)
    wait_for(lambda: page.window().current == Place.CHAT)  # type: ignore[attr-defined]
    session = page.window().page("chat")._session  # type: ignore[attr-defined]
    wait_for(lambda: session.model is not None and session.model.name == "mario")


def test_the_model_is_known_again_after_a_restart(page: PersonasView, twin: Twin) -> None:
    click(card(page, "Mario"))
    wait_for(lambda: page.editing)
    applied(page)
    page.editor.leave()
    wait_for(lambda: not page.editing)
    wait_for(lambda: any(each.choice.kind == "own" for each in page.findChildren(PersonaCard)))
    own = next(each for each in page.findChildren(PersonaCard) if each.choice.kind == "own")
    click(own)
    wait_for(lambda: page.editing)
    assert page.editor.head.state == "Lives in Mario"
    twin.remove("mario")
    page.context.routes.models_changed.emit()
    wait_for(lambda: page.editor.head.state == "Saved")


def test_a_name_that_is_taken(page: PersonasView, twin: Twin) -> None:
    page.edit(Draft(Persona(name="Small", system="New.")))
    click(page.editor.head._apply)
    asked = dialog()
    technical = name_in(asked, "Technical name")
    assert technical.text() == "small-2", "a free one is offered"
    technical.clear()
    QTest.keyClicks(technical, "SMALL")
    press(asked, "Create")
    wait_for(
        lambda: any(
            each.text().startswith("Give it to") and each.isVisible() for each in asked.findChildren(QPushButton)
        )
    )
    assert twin.show("small").persona.system == "Old."
    press(asked, "Give it to “small” instead")
    wait_for(lambda: twin.show("small").persona.system == "New.")
    assert dict(twin.show("small").persona.parameters) == {} and len(twin.models()) == 1


def test_nothing_is_left_of_a_model_that_could_not_be_made(
    page: PersonasView, twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: Any) -> Any:
        raise ModelyardError(Code.DISK_FULL, folder="/x", need_bytes=2, free_bytes=1)

    monkeypatch.setattr(twin, "update", full)
    page.edit(Draft(Persona(name="Mario", system="x")))
    click(page.editor.head._apply)
    asked = dialog()
    press(asked, "Create")
    wait_for(lambda: "disk" in asked._problem.text().lower())  # type: ignore[attr-defined]
    assert [model.name for model in twin.models()] == ["small"]
    asked.reject()
    pump(0.05)


def test_a_mistake_is_shown_before_anything_is_applied(page: PersonasView, twin: Twin) -> None:
    page.edit(Draft(Persona(name="A"), "FROM small\nPARAMETER seed x\n"))
    click(page.editor.head._apply)
    assert page.editor.text.textCursor().block().text() == "PARAMETER seed x"
    assert len(twin.models()) == 1


def test_the_persona_of_a_model(page: PersonasView, twin: Twin) -> None:
    click(card(page, "small"))
    wait_for(lambda: page.editing)
    assert page.editor.source.text() == "FROM small\nSYSTEM Old.\nPARAMETER seed 1\n"
    page.editor.text.selectAll()
    QTest.keyClicks(page.editor.text, "FROM small")
    applied(page, press_create=False)
    wait_for(lambda: not twin.show("small").persona.system)
    assert not twin.show("small").persona.parameters, "what was cleared is gone"


def test_try_it_with_what_is_not_saved(page: PersonasView, twin: Twin) -> None:
    page.edit(Draft(Persona(name="Mario", system="You are Mario.", messages=(ExampleMessage("user", "a"),))))
    trial = page.editor.trial
    wait_for(lambda: bool(trial._models))
    QTest.keyClicks(trial._question, "Who is it?")
    QTest.keyClick(trial._question, Qt.Key.Key_Return)
    wait_for(lambda: not trial.busy)
    assert "You: Who is it?\n\n[You are Mario.] Who is it?" in trial.transcript
    page.editor.text.selectAll()
    QTest.keyClicks(page.editor.text, "FROM small")
    click(trial._send)
    wait_for(lambda: not trial.busy)
    asked = twin.requests[-1]
    assert asked.persona == Persona(name="Mario", base="small") and asked.model == "small"
    assert [message.role for message in asked.messages] == ["user", "assistant", "user"]
    assert twin.show("small").persona.system == "Old."


def test_a_trial_is_stopped_at_once_and_its_error_shown(page: PersonasView, twin: Twin) -> None:
    twin.pause = 0.05
    twin.script = lambda _messages: ("word " for _ in range(1000))
    page.edit(Draft(Persona(name="M", system="x")))
    trial = page.editor.trial
    wait_for(lambda: bool(trial._models))
    click(trial._send)
    wait_for(lambda: "word" in trial.transcript)
    click(trial._send)
    wait_for(lambda: not trial.busy)  # by itself it would go on for most of a minute
    assert trial.transcript.endswith("[stopped]")
    twin.pause, twin.failure = 0.0, ModelyardError(Code.ENGINE_CRASHED, name="small", detail="signal 11")
    click(trial._send)
    wait_for(lambda: not trial.busy)
    assert trial._problem.count() == 1


def test_leaving_keeps_what_was_written(page: PersonasView, house: House) -> None:
    click(card(page, "Teacher"))
    wait_for(lambda: page.editing)
    page.editor.leave()
    wait_for(lambda: not page.editing)
    assert PersonaStore(house.folders.personas).personas() == [], "an unchanged starter is nobody's"
    press(page, "New persona")
    wait_for(lambda: page.editing)
    QTest.keyClicks(page.editor.text, "# mine ")
    page.editor.leave()
    wait_for(lambda: not page.editing)
    found = PersonaStore(house.folders.personas).personas()
    assert [each.persona.name for each in found] == ["New persona"] and "# mine" in found[0].document.text


def test_saved_twice_in_a_row_it_is_one(page: PersonasView, house: House) -> None:
    page.edit(Draft(Persona(name="Mario", system="x", base="small")))
    page.editor.save()
    page.editor.save()
    wait_for(lambda: page.editor.head.state == "Saved")
    page.editor.leave()
    wait_for(lambda: not page.editing)
    assert len(PersonaStore(house.folders.personas).personas()) == 1


def test_revert_duplicate_delete(page: PersonasView, house: House) -> None:
    store = PersonaStore(house.folders.personas)
    page.edit(Draft(Persona(name="Mario", system="x", base="small")))
    page.editor.save()
    wait_for(lambda: len(store.personas()) == 1)
    wait_for(lambda: page.editor.head.state == "Saved")
    page.editor.text.selectAll()
    QTest.keyClicks(page.editor.text, "FROM y")
    QTest.keyClicks(page.editor.form.identity._field, " 2")
    page.editor.head.revert.emit()
    assert (page.editor.persona().system, page.editor.persona().name) == ("x", "Mario")
    assert page.editor.head.state == "Saved" or page.editor.source.text() == store.load("Mario").document.text
    page.editor.history.undo()
    page.editor.history.undo()
    assert page.editor.source.text() == "FROM y" and page.editor.persona().name == "Mario 2"
    page.editor.head.revert.emit()
    page.editor.head.duplicate.emit()
    wait_for(lambda: page.editor.persona().name == "Mario (copy)")
    page.editor.save()
    wait_for(lambda: len(store.personas()) == 2)
    wait_for(lambda: page.editor.head.state == "Saved")
    QTimer.singleShot(50, answer_box("Delete"))
    page.editor.head.delete.emit()
    wait_for(lambda: [each.persona.name for each in store.personas()] == ["Mario"])
    wait_for(lambda: not page.editing)


def test_a_persona_from_a_conversation(twin: Twin, desk: Desktop, house: House) -> None:
    wanted = Persona(system="Only rhymes.", parameters={"top_k": 3}, base="small")
    desk.window.context.routes.persona_wanted.emit(wanted)
    page = opened(desk)
    wait_for(lambda: page.editing)
    assert page.editor.persona() == wanted
    assert page.editor.head.state == "Not saved yet"


@pytest.mark.parametrize("kind", list(CardKind))
def test_files_of_every_kind_by_drop(page: PersonasView, tmp_path: Path, kind: CardKind) -> None:
    persona = Persona(name="Mario", system="You are Mario.", parameters={"temperature": 0.5})
    path = tmp_path / f"Mario{kind.suffix}"
    path.write_bytes(write_card(persona, kind))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    at, button = QPointF(300, 300), Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(at.toPoint(), Qt.DropAction.CopyAction, data, button, none)
    page.dragEnterEvent(enter)
    assert enter.isAccepted()
    page.dropEvent(QDropEvent(at, Qt.DropAction.CopyAction, data, button, none))
    wait_for(lambda: page.editing)
    assert page.editor.persona().system == "You are Mario."
    assert page.editor.persona().parameters == {"temperature": 0.5} or kind.name.startswith("CHARACTER")


def test_a_model_dropped_here_is_for_the_import(page: PersonasView, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    enter = QDragEnterEvent(
        QPointF(9, 9).toPoint(),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    page.dragEnterEvent(enter)
    assert not enter.isAccepted()


def test_a_file_that_is_no_persona(page: PersonasView, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps([1, 2]), encoding="utf-8")
    page.open_file(path)
    wait_for(lambda: page.states.currentWidget() is page.states._error)
    assert not page.editing


def test_saving_as_a_file(page: PersonasView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "马里奥.card.png"
    monkeypatch.setattr(files, "ask_save", lambda *_arguments: path)
    page.edit(Draft(Persona(name="Mario", system="You are Mario.")))
    page.editor.head.export.emit(CardKind.CHARACTER_PNG)
    wait_for(path.exists)
    assert read_card(path.read_bytes(), path.name).persona.system == "You are Mario."


def test_through_ollama_field_by_field(
    desk: Desktop,
    house: House,
    new_server: OllamaServer,
    connect: Callable[[OllamaServer], OllamaEngine],
    tmp_path: Path,
) -> None:
    engine = connect(new_server)
    gguf = write_gguf(tmp_path / "base.gguf", CHATML)
    old = Persona(system="Old.", parameters={"seed": 1}, messages=(ExampleMessage("user", "old"),))
    engine.install(InstallRequest("base", gguf, Ownership.THEIRS, old), lambda _event: None, CancelToken())
    house.engine.list.clear()
    house.ollama = engine  # type: ignore[assignment]
    page = opened(desk)
    text = "FROM base:latest\nSYSTEM You are Mario.\nPARAMETER temperature 0.9\nPARAMETER stop A\nPARAMETER stop B\n"
    text += "MESSAGE user Who?\nMESSAGE assistant Me!\n"
    page.edit(Draft(Persona(name="Mario"), text))
    wait_for(lambda: page.editor._base is not None)
    new_server.bodies.clear()
    applied(page)
    create = next(body for body in new_server.bodies if "system" in body)
    assert {key: value for key, value in create.items() if key != "files"} == {
        "model": "mario:latest",
        "stream": True,
        "system": "You are Mario.",
        "parameters": {"temperature": 0.9, "stop": ["A", "B"]},
        "messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Me!"}],
    }
    assert list(create["files"]) == ["model.gguf"] and create["files"]["model.gguf"].startswith("sha256:")
    assert {"source": "base:latest", "destination": "mario"} in new_server.bodies
    page.editor.text.selectAll()
    QTest.keyClicks(page.editor.text, "FROM base:latest")
    QTest.keyClick(page.editor.text, Qt.Key.Key_Return)
    QTest.keyClicks(page.editor.text, "SYSTEM Luigi!")
    new_server.bodies.clear()
    click(page.editor.head._apply)
    wait_for(lambda: engine.show("mario").persona.system == "Luigi!")
    again = next(body for body in new_server.bodies if "system" in body)
    assert set(again) == {"model", "stream", "files", "system"} and again["system"] == "Luigi!"
    persona = engine.show("mario").persona
    assert not persona.messages and "temperature" not in persona.parameters
    assert engine.show("base").persona.system == "Old."
    wait_for(lambda: page.editor.head.state.startswith("Lives in"))
    assert isinstance(page.editor.trial._model, QComboBox)
