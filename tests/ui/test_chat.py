"""The chat page with the real store: ask, stop, once more, versions, errors in their place, drafts, search, restart."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from modelyard.chat.values import Role, State
from modelyard.errors import Code, ModelyardError
from modelyard.ui.app import Desktop
from modelyard.ui.chat.answer_message import AnswerMessage
from modelyard.ui.chat.links import offer_link
from modelyard.ui.chat.user_message import UserMessage
from modelyard.ui.routes import Place
from modelyard.ui.widgets.error_panel import ErrorPanel

from .scenes import press, pump, wait_for
from .twins import ANSWER, House


def chat(desk: Desktop) -> Any:
    desk.window.go(Place.CHAT)
    page: Any = desk.window.page("chat")
    wait_for(lambda: page._session.model is not None)
    return page


def say(page: Any, qtbot: QtBot, text: str) -> None:
    qtbot.keyClicks(page._composer.field, text)
    QTest.keyClick(page._composer.field, Qt.Key.Key_Return)


def rest(page: Any) -> None:
    wait_for(lambda: not page._session.busy)
    pump(0.05)


def shown(page: QWidget, kind: type[QWidget]) -> list[Any]:
    """In the order of the conversation; only what is visible."""
    found = [each for each in page.findChildren(kind) if each.isVisible()]
    return sorted(found, key=lambda each: each.mapTo(page, each.rect().topLeft()).y())


def click_named(root: QWidget, name: str) -> None:
    button = next(each for each in root.findChildren(QToolButton) if each.isVisible() and each.accessibleName() == name)
    button.click()


def test_ask_and_answer_are_kept(desk: Desktop, house: House, qtbot: QtBot) -> None:
    page = chat(desk)
    say(page, qtbot, "How does a rainbow form?")
    rest(page)
    assert [view.view.text for view in shown(page, AnswerMessage)] == [ANSWER]
    stored = house.chats().messages.tail(1).messages
    assert [(each.role, each.content) for each in stored] == [
        (Role.USER, "How does a rainbow form?"),
        (Role.ASSISTANT, ANSWER),
    ]
    assert desk.window.windowTitle().startswith("How does a rainbow form")


def test_shift_enter_is_a_new_line(desk: Desktop, house: House, qtbot: QtBot) -> None:
    page = chat(desk)
    field = page._composer.field
    qtbot.keyClicks(field, "one")
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(field, "two")
    assert (field.toPlainText(), house.engine.requests) == ("one\ntwo", [])
    QTest.keyClick(field, Qt.Key.Key_Return)
    rest(page)
    assert house.engine.requests[0].messages[-1].content == "one\ntwo"


def test_stop_keeps_what_came(desk: Desktop, house: House, qtbot: QtBot) -> None:
    house.engine.pause, house.engine.answer = 0.02, ANSWER * 20  # lasts until it is stopped
    page = chat(desk)
    say(page, qtbot, "Tell me everything")
    wait_for(lambda: any(view.view.text for view in shown(page, AnswerMessage)))
    qtbot.mouseClick(page._composer._send_button, Qt.MouseButton.LeftButton)
    rest(page)
    message = house.chats().messages.tail(1).messages[-1]
    assert message.state is State.STOPPED
    assert message.content and (ANSWER * 20).startswith(message.content)
    assert any(label.text() == "You stopped this answer." for label in page.findChildren(QLabel))


def test_once_more_keeps_both_versions(desk: Desktop, house: House, qtbot: QtBot) -> None:
    page = chat(desk)
    say(page, qtbot, "How does a rainbow form?")
    rest(page)
    house.engine.answer = "By refraction."
    click_named(page, "Answer once more")
    rest(page)
    assert [view.view.text for view in shown(page, AnswerMessage)] == ["By refraction."]
    click_named(page, "Earlier version")
    wait_for(lambda: [view.view.text for view in shown(page, AnswerMessage)] == [ANSWER])
    assert len(house.engine.requests[-1].messages) == 1


def test_an_error_stands_in_the_conversation_with_its_button(desk: Desktop, house: House, qtbot: QtBot) -> None:
    house.engine.error = ModelyardError(Code.ENGINE_CRASHED, name="SmolLM2", detail="signal 11")
    page = chat(desk)
    say(page, qtbot, "How does a rainbow form?")
    rest(page)
    assert len(shown(page, ErrorPanel)) == 1
    assert house.chats().messages.tail(1).messages[-1].state is State.FAILED
    house.engine.error = None
    press(page, "Try again")
    rest(page)
    assert shown(page, ErrorPanel) == []
    assert [view.view.text for view in shown(page, AnswerMessage)] == [ANSWER]


def test_a_failed_answer_is_still_there_after_a_restart(
    desk: Desktop, house: House, qtbot: QtBot, qapp: QApplication
) -> None:
    house.engine.error = ModelyardError(Code.ENGINE_CRASHED, name="SmolLM2", detail="signal 11")
    page = chat(desk)
    say(page, qtbot, "How does a rainbow form?")
    rest(page)
    again = Desktop(qapp, house.services)
    again.window.show()
    page = chat(again)
    wait_for(lambda: page._list._list.count() == 1)
    item = page._list._list.item(0)
    page._list.chosen.emit(item.data(Qt.ItemDataRole.UserRole), 0)
    wait_for(lambda: len(shown(page, ErrorPanel)) == 1)
    assert len(shown(page, UserMessage)) == 1
    again.close()
    again.window.leave()
    again.deleteLater()


def test_the_draft_survives(desk: Desktop, house: House, qtbot: QtBot) -> None:
    page = chat(desk)
    page._composer.field.setFocus()
    qtbot.keyClicks(page._composer.field, "half a thou")
    page._composer.flush()
    wait_for(lambda: house.chats().drafts.get().text == "half a thou")
    page._begin_new()
    wait_for(lambda: page._composer.field.toPlainText() == "half a thou")


def test_search_delete_and_undo(desk: Desktop, house: House, qtbot: QtBot) -> None:
    page = chat(desk)
    for question in ("Tell me about rainbows", "给我讲讲火车"):
        page._begin_new()
        page._session.ask(question)
        rest(page)
    wait_for(lambda: page._list._list.count() == 2)
    page._list._search.setText("火车")
    wait_for(lambda: page._list._list.count() == 1)
    page._list._search.setText("")
    wait_for(lambda: page._list._list.count() == 2)

    page._list._list.setFocus()
    page._list._list.setCurrentRow(0)
    QTest.keyClick(page._list._list, Qt.Key.Key_Delete)
    wait_for(lambda: page._list._list.count() == 1)
    press(page, "Undo")
    wait_for(lambda: page._list._list.count() == 2)
    page._list._list.setFocus()
    page._list._list.setCurrentRow(0)
    QTest.keyClick(page._list._list, Qt.Key.Key_Delete)
    page._library._delete_now()
    wait_for(lambda: house.chats().conversations.count() == 1)


def test_links_are_shown_before_they_open(desk: Desktop, monkeypatch: Any) -> None:
    asked: list[str] = []

    def ask(_parent: QWidget, _question: str, text: str, _yes: str, _no: str) -> bool:
        asked.append(text)
        return False

    monkeypatch.setattr("modelyard.ui.chat.links.ask", ask)
    for address in ("https://example.org/a?b=c", "file:///etc/passwd", "javascript:alert(1)", "data:text/html,x"):
        offer_link(desk.window, QUrl(address))
    assert asked == ["https://example.org/a?b=c"]


def test_enter_before_the_models_are_known_is_not_lost(desk: Desktop, house: House, qtbot: QtBot) -> None:
    desk.window.go(Place.CHAT)
    page: Any = desk.window.page("chat")
    page._composer.field.setPlainText("Hello")
    QTest.keyClick(page._composer.field, Qt.Key.Key_Return)
    wait_for(lambda: len(house.engine.requests) == 1)
    rest(page)


def test_no_model_invites_to_import(desk: Desktop, house: House) -> None:
    house.engine.list.clear()
    desk.window.go(Place.CHAT)
    press(desk.window.page("chat"), "Import a model")
    assert desk.window.current == "wizard"
