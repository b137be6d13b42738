"""After everything one does in the chat its keys still work: what had the focus may go, the focus stays in the chat."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from modelyard.chat.values import NewAttachment
from modelyard.errors import Code, ModelyardError

from .chat_pages import Chat
from .scenes import pump, wait_for
from .twins import ANSWER


def use(button: QAbstractButton) -> None:
    """As by the keyboard: it has the focus and is pressed."""
    button.setFocus()
    assert button.hasFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)


def named(root: QWidget, name: str) -> QAbstractButton:
    for each in root.findChildren(QAbstractButton):
        if each.isVisible() and name in (each.text(), each.accessibleName()):
            return each
    raise AssertionError(f"no button {name!r}")


def delete_message(chat: Chat) -> None:
    chat.answers[0]._more.setFocus()
    chat.answers[0].delete.emit(chat.answers[0].message)
    wait_for(lambda: not chat.answers)


def delete_and_undo(chat: Chat) -> None:
    delete_message(chat)
    use(named(chat.list, "Undo"))
    wait_for(lambda: bool(chat.answers))


def undo_runs_out(chat: Chat) -> None:
    delete_message(chat)
    named(chat.list, "Undo").setFocus()
    chat.page._library._undo_timer.timeout.emit()


def delete_conversation(chat: Chat) -> None:
    head = chat.session.conversation
    assert head is not None
    chat.list._list.setFocus()
    chat.list.remove.emit(head)


def switch_version(chat: Chat) -> None:
    answer_again(chat)
    use(chat.answers[0].versions._before)
    wait_for(lambda: chat.answers[0].versions._place == 0)


def answer_again(chat: Chat) -> None:
    use(chat.answers[0]._again)
    assert chat.session.busy
    chat.settle()


def choose_compared(chat: Chat) -> None:
    chat.session.ask("Which?", second=chat.house.engine.list[0])
    wait_for(lambda: len(chat.answers) == 3)
    chat.settle()
    use(named(chat.answers[-1], "Go on from here"))
    wait_for(lambda: len(chat.answers) == 2)


def stop_by_button(chat: Chat) -> None:
    chat.house.engine.pause, chat.house.engine.answer = 0.02, ANSWER * 20  # lasts until it is stopped
    chat.start("Again")
    wait_for(lambda: len(chat.answers[-1].view.text) > 20)
    use(chat.composer._send_button)
    chat.settle()


def continue_answer(chat: Chat) -> None:
    stop_by_button(chat)
    chat.house.engine.pause = 0.0
    use(named(chat.answers[-1], "Continue"))
    assert chat.session.busy
    chat.settle()


def close_panel(chat: Chat) -> None:
    chat.page._toggle_panel()
    use(named(chat.page._panel, "Close"))


def dismiss_notice(chat: Chat) -> None:
    chat.page._notice.say("Something")
    use(named(chat.page._notice, "Dismiss"))


def remove_attachment(chat: Chat) -> None:
    chat.session.attach([NewAttachment("a.txt", "text/plain", b"x", "x")])
    wait_for(lambda: len(chat.composer.attachments) == 1)
    pump(0.05)
    use(named(chat.composer, "Remove a.txt"))
    wait_for(lambda: not chat.composer.attachments)


def mend_an_error(chat: Chat) -> None:
    chat.house.engine.error = ModelyardError(Code.ENGINE_CRASHED, name="SmolLM2", detail="signal 11")
    chat.ask("Fail")
    chat.house.engine.error = None
    panel = chat.page._board._panel
    assert panel is not None
    use(panel.button)
    chat.settle()


def show_all_of_a_question(chat: Chat) -> None:
    chat.ask("word " * 1_000)
    use(named(chat.questions[-1], "Show all"))


def open_what_was_found(chat: Chat) -> None:
    chat.list.focus_search()
    chat.list._search.setText("bent")
    wait_for(lambda: "bent" in chat.list._list.item(0).text())
    chat.list._list.setFocus()
    chat.list._list.setCurrentRow(0)
    QTest.keyClick(chat.list._list, Qt.Key.Key_Return)


def leave_an_edit(chat: Chat) -> None:
    chat.page._edit_last()
    editor = chat.questions[0]._editor
    assert editor is not None
    QTest.keyClick(editor.field, Qt.Key.Key_Escape)


ACTIONS = (
    delete_message,
    delete_and_undo,
    undo_runs_out,
    delete_conversation,
    switch_version,
    answer_again,
    choose_compared,
    stop_by_button,
    continue_answer,
    close_panel,
    dismiss_notice,
    remove_attachment,
    mend_an_error,
    show_all_of_a_question,
    open_what_was_found,
    leave_an_edit,
)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda each: each.__name__)
def test_the_keys_work_afterwards(chat: Chat, action: Callable[[Chat], None]) -> None:
    chat.ask("Hello")
    action(chat)
    pump(0.1)
    focus = QApplication.focusWidget()
    assert focus is not None and chat.page.isAncestorOf(focus), focus
    assert focus.isVisible() and focus.isEnabled()
    QTest.keyClick(focus, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert chat.composer.field.hasFocus()
