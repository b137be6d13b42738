"""Messages are deleted with a way back; versions are switched where one reads."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from modelyard.errors import ModelyardError

from .chat_pages import Chat
from .scenes import press, pump, wait_for
from .twins import ANSWER


def test_what_follows_a_message_is_deleted_with_a_way_back(chat: Chat) -> None:
    """It leaves the conversation at once and the store a little later."""
    chat.ask("One")
    chat.ask("Two")
    second = chat.questions[1].message
    width = chat.list.width()
    chat.questions[1].delete.emit(second)
    wait_for(lambda: len(chat.widgets) == 2)
    pump(0.1)
    assert chat.list.width() == width
    assert chat.house.chats().messages.get(second.id).content == "Two"
    press(chat.list, "Undo")
    wait_for(lambda: len(chat.widgets) == 4)
    assert [each.message.content for each in chat.questions] == ["One", "Two"]
    chat.questions[1].delete.emit(second)
    wait_for(lambda: len(chat.widgets) == 2)
    chat.page._library._undo_timer.timeout.emit()
    chat.page._library._session._lane.waitForDone(5000)
    with pytest.raises(ModelyardError):
        chat.house.chats().messages.get(second.id)
    chat.ask("Another second")
    assert [each.message.content for each in chat.questions] == ["One", "Another second"]


def test_one_of_two_versions_is_deleted(chat: Chat) -> None:
    """The other one is shown, and says in the end that it is alone."""
    chat.ask("One")
    chat.session.again(chat.answers[0].message)
    assert chat.session.busy
    chat.settle()
    newer = chat.answers[0].message
    older = newer.siblings[0]
    chat.answers[0].delete.emit(newer)
    wait_for(lambda: bool(chat.answers) and chat.answers[0].message.id == older)
    chat.page._library._undo_timer.timeout.emit()
    wait_for(lambda: chat.answers[0].message.siblings == (older,))
    assert chat.answers[0].versions.isHidden()


def test_the_first_message_is_deleted_and_comes_back(chat: Chat) -> None:
    chat.ask("One")
    chat.questions[0].delete.emit(chat.questions[0].message)
    wait_for(lambda: not chat.widgets)
    press(chat.list, "Undo")
    wait_for(lambda: len(chat.widgets) == 2)


def test_nothing_is_deleted_while_an_answer_grows(chat: Chat) -> None:
    chat.house.engine.pause, chat.house.engine.answer = 0.02, ANSWER * 20  # lasts until it is stopped
    chat.start("One")
    wait_for(lambda: bool(chat.answers))
    assert not chat.questions[0]._free and not chat.answers[0]._free
    chat.session.stop()
    chat.settle()
    assert chat.questions[0]._free and chat.answers[0]._free


def test_a_version_is_switched_where_one_reads(chat: Chat) -> None:
    """Far above the end: it stays in sight, and the button keeps the keys."""
    chat.ask("First wording")
    for number in range(6):
        chat.ask(f"Question {number}")
    chat.session.edit(chat.questions[0].message, "Second wording")
    assert chat.session.busy
    chat.settle()
    chat.questions[0].versions._before.setFocus()
    QTest.keyClick(chat.questions[0].versions._before, Qt.Key.Key_Space)
    wait_for(lambda: chat.questions[0].message.content == "First wording" and len(chat.questions) > 6)
    pump(0.1)
    shown = chat.questions[0]
    assert shown.visibleRegion().boundingRect().height() > 0
    assert shown.versions._after.hasFocus()
