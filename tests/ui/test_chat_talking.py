"""Asking, stopping, asking differently, answering again, going on, several at once, comparing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from modelyard.chat.values import Role, State
from modelyard.engines.base import ChatStats
from modelyard.errors import Code, ModelyardError
from modelyard.ui.app import Desktop

from .chat_pages import Chat
from .scenes import press, pump, wait_for
from .twins import ANSWER, MODEL, House

LONG_ANSWER = ANSWER * 20  # lasts until it is stopped, on slow computers too


def test_question_and_answer_are_shown_and_kept(chat: Chat) -> None:
    chat.ask("How does a rainbow form?")
    assert [type(each).__name__ for each in chat.widgets] == ["UserMessage", "AnswerMessage"]
    assert chat.answers[0].view.text == ANSWER
    path = chat.house.chats().messages.path(chat.session.number)
    assert [(each.role, each.content) for each in path] == [
        (Role.USER, "How does a rainbow form?"),
        (Role.ASSISTANT, ANSWER),
    ]
    assert chat.session.conversation is not None and chat.session.conversation.title == "How does a rainbow form?"


def test_stop_then_continue(chat: Chat) -> None:
    chat.house.engine.pause, chat.house.engine.answer = 0.02, LONG_ANSWER
    chat.start("Tell me")
    wait_for(lambda: len(chat.answers[0].view.text) > 40)
    chat.session.stop()
    chat.settle()
    stopped = chat.answers[0].message
    assert stopped.state is State.STOPPED and 0 < len(stopped.content) < len(LONG_ANSWER)
    chat.house.engine.pause = 0.0
    chat.house.engine.answer = " … and so on."
    chat.answers[0].resume.emit(stopped)
    assert chat.session.busy
    chat.settle()
    assert chat.answers[0].message.content == stopped.content + " … and so on."
    assert chat.answers[0].view.text == stopped.content + " … and so on."
    last = chat.house.engine.requests[-1]
    assert last.messages[-1].role == "assistant" and last.messages[-1].content == stopped.content


def test_again_and_edit_make_branches(chat: Chat) -> None:
    chat.ask("First wording")
    chat.house.engine.answer = "Another answer"
    chat.session.again(chat.answers[0].message)
    assert chat.session.busy
    chat.settle()
    assert len(chat.answers[0].message.siblings) == 2
    chat.house.engine.answer = "Third"
    chat.questions[0].edited.emit(chat.questions[0].message, "Second wording")
    assert chat.session.busy
    chat.settle()
    assert [each.message.content for each in chat.widgets] == ["Second wording", "Third"]
    chat.session.switch(chat.questions[0].message.siblings[0])
    wait_for(lambda: chat.questions[0].message.content == "First wording")
    wait_for(lambda: [each.view.text for each in chat.answers] == ["Another answer"])


def test_the_keys_stay_in_the_chat_when_what_had_them_goes(chat: Chat) -> None:
    """Escape must still stop the answer after one asked differently by keys or answered again by its button."""
    chat.desk.window.activateWindow()
    chat.ask("First wording")
    chat.house.engine.pause, chat.house.engine.answer = 0.02, LONG_ANSWER
    chat.page._edit_last()
    editor = chat.questions[0]._editor
    assert editor is not None and editor.field.hasFocus()
    editor.field.setPlainText("Second wording")
    QTest.keyClick(editor.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert chat.composer.field.hasFocus()
    wait_for(lambda: chat.session.busy and chat.answers and len(chat.answers[0].view.text) > 10)
    QTest.keyClick(chat.composer.field, Qt.Key.Key_Escape)
    chat.settle()
    assert chat.answers[0].message.state is State.STOPPED
    button = chat.answers[0]._again
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert chat.session.busy
    pump(0.1)
    focus = QApplication.focusWidget()
    assert focus is not None and chat.page.isAncestorOf(focus)
    QTest.keyClick(focus, Qt.Key.Key_Escape)
    chat.settle()
    assert chat.answers[0].message.state is State.STOPPED


def test_two_conversations_answer_at_once(chat: Chat) -> None:
    chat.house.engine.pause, chat.house.engine.answer = 0.02, LONG_ANSWER
    chat.start("One")
    first = chat.session.conversation
    assert first is not None
    chat.page._begin_new()
    chat.start("Two")
    assert len(chat.page._answers.busy) == 2
    chat.page._open(first, 0)
    wait_for(lambda: bool(chat.answers) and len(chat.answers[0].view.text) > 20)
    chat.house.engine.pause = 0.0
    wait_for(lambda: not chat.page._answers.busy, 60)
    wait_for(lambda: chat.answers[0].view.text == LONG_ANSWER, 60)
    store = chat.house.chats()
    for head in store.conversations.list():
        assert store.messages.path(head.id)[-1].content == LONG_ANSWER


def test_compare_two_models(chat: Chat) -> None:
    chat.house.engine.list.append(replace(MODEL, name="other", display_name="Other"))
    chat.page._models.refresh()
    wait_for(lambda: len(chat.page._models.usable) == 2)
    chat.composer._compare(next(m for m in chat.page._models.usable if m != chat.session.model))
    chat.house.engine.pause = 0.002
    chat.start("Which is better?")
    chat.settle()
    assert sorted(each.message.model for each in chat.answers) == sorted([MODEL.name, "other"])
    assert len({each.message.parent for each in chat.answers}) == 1
    second = chat.answers[1].message.id
    chat.answers[1].chosen.emit(second)
    wait_for(lambda: len(chat.answers) == 1)
    assert chat.answers[0].message.id == second


def test_an_error_stands_in_the_conversation_and_can_be_mended(chat: Chat) -> None:
    chat.house.engine.error = ModelyardError(Code.ENGINE_CRASHED, name="m", detail="signal 11")
    chat.ask("Hello")
    assert chat.page._board._panel is not None
    chat.house.engine.error = None
    chat.session.again(chat.answers[0].message)
    assert chat.session.busy
    chat.settle()
    assert chat.page._board._panel is None
    assert chat.answers[0].view.text == ANSWER


def test_a_model_that_is_gone(chat: Chat) -> None:
    chat.ask("Hello")
    chat.house.engine.list[:] = [replace(MODEL, name="other", display_name="Other")]
    chat.desk.window.context.routes.models_changed.emit()
    wait_for(lambda: MODEL.name in chat.page._notice.text)
    assert chat.session.model is None
    chat.page._models.use(chat.page._models.usable[0])
    assert chat.page._notice.text == ""
    chat.ask("And now?")
    assert chat.answers[-1].message.model == "other"


def test_memory_gauge_and_what_was_forgotten(chat: Chat) -> None:
    def chat_of(request, cancel):  # type: ignore[no-untyped-def]
        from modelyard.engines.base import ChatChunk

        yield ChatChunk("yes")
        yield ChatChunk(stats=ChatStats("stop", 3600, 100, context_length=4096, forgotten=forgotten))

    forgotten = 0
    chat.house.engine.chat = chat_of  # type: ignore[method-assign]
    chat.ask("One")
    assert 0.85 < chat.page._header.gauge.share < 1
    assert "nearly full" in chat.page._notice.text
    forgotten = 4
    chat.ask("Two")
    assert "4 oldest" in chat.page._notice.text
    assert chat.house.chats().messages.path(chat.session.number)[-1].stats.forgotten == 4  # type: ignore[union-attr]


def test_settings_of_a_conversation_reach_the_engine(chat: Chat) -> None:
    panel = chat.page._panel
    chat.page._toggle_panel()
    panel._role.setPlainText("You are Mario.")
    panel._rows["temperature"]._field.setValue(0.3)  # type: ignore[union-attr]
    chat.ask("Who are you?")
    request = chat.house.engine.requests[-1]
    assert request.messages[0].role == "system" and request.messages[0].content == "You are Mario."
    assert request.options == {"temperature": 0.3}
    wanted = []
    chat.desk.window.context.routes.persona_wanted.connect(wanted.append)
    press(panel, "Make a persona of these settings")
    assert wanted[0].system == "You are Mario." and wanted[0].parameters == {"temperature": 0.3}


def test_draft_survives_and_belongs_to_its_conversation(chat: Chat) -> None:
    chat.ask("One")
    first = chat.session.conversation
    assert first is not None
    chat.composer.write("half a tho")
    chat.composer.field.insertPlainText("ught")
    chat.page._begin_new()
    assert chat.composer.field.toPlainText() == ""
    wait_for(lambda: chat.house.chats().drafts.get(first.id).text == "half a thought")
    chat.page._open(first, 0)
    wait_for(lambda: chat.composer.field.toPlainText() == "half a thought")


def test_enter_does_not_send_while_composing(chat: Chat, qapp: QApplication) -> None:
    from PySide6.QtCore import QEvent, Qt
    from PySide6.QtGui import QInputMethodEvent, QKeyEvent

    field = chat.composer.field
    sent: list[str] = []
    chat.composer.sent.connect(sent.append)
    field.setPlainText("你好")
    enter = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier)
    qapp.sendEvent(field, QInputMethodEvent("shi jie", []))
    qapp.sendEvent(field, enter)
    assert sent == []
    done = QInputMethodEvent("", [])
    done.setCommitString("")
    qapp.sendEvent(field, done)
    chat.house.engine.answer = "."
    qapp.sendEvent(field, enter)
    assert sent == ["你好"]
    chat.settle()


def test_finished_answers_are_announced(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("modelyard.ui.chat.board.announce", lambda _widget, text: said.append(text))
    chat.ask("How does a rainbow form?")
    assert len(said) == 1
    assert said[0].startswith("SmolLM2 135M Instruct answered: A rainbow\nSunlight is bent")


def test_look_and_size_change_while_it_is_shown(chat: Chat) -> None:
    chat.ask("How does a rainbow form?")
    view = chat.answers[0].view
    before, height = view.plain_text(), view.heightForWidth(700)
    chat.house.settings.set("look", "dark")
    chat.house.settings.set("text_scale", 1.5)
    pump(0.2)
    assert view.plain_text() == before
    assert view.heightForWidth(700) > height
    chat.house.settings.set("look", "light")
    chat.house.settings.set("text_scale", 1.0)
    pump(0.1)


def test_answers_go_on_while_the_language_changes(desk: Desktop, house: House) -> None:
    """The window is made anew; what streams streams on, in the conversation that was looked at."""
    first = Chat(desk, house)
    house.engine.pause, house.engine.answer = 0.02, LONG_ANSWER
    first.start("Tell me")
    wait_for(lambda: len(first.answers[0].view.text) > 40)
    number, old = first.session.number, desk.window
    house.settings.set("language", "zh_CN")
    wait_for(lambda: desk.window is not old)
    again = Chat(desk, house)
    wait_for(lambda: again.session.number == number and bool(again.answers))
    assert again.session.busy
    house.engine.pause = 0.0
    before = len(again.answers[0].view.text)
    wait_for(lambda: len(again.answers[0].view.text) > before)
    again.settle()
    answer = again.answers[0]
    assert answer.message.state is State.DONE and answer.message.content == answer.view.text == LONG_ANSWER
    assert house.chats().messages.get(answer.message.id).content == LONG_ANSWER
    assert len(house.engine.requests) == 1
