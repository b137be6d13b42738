"""Long answers are rendered slice by slice: the same in the end as in one go, the window alive meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from modelyard.chat.values import Role
from modelyard.host.folders import resources_folder
from modelyard.ui.chat.markdown.parsing import parse
from modelyard.ui.chat.markdown_view import MarkdownView
from modelyard.ui.chat.rendering.look import Look
from modelyard.ui.design.theme import Theme

from .chat_pages import Chat
from .scenes import pump, wait_for
from .twins import MODEL

PART = (
    "这是一段**加粗**的文字 with `inline code` and a [link](https://x.y).\n\n- item one\n- item two\n\n"
    "1. one\n2. two\n\n```python\ndef f(x):\n    # 注释\n\n    return [i for i in range(x)]\n```\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n> quoted\n\n"
)
TABLE = "| colour | what it is called |\n|---|---|\n" + "| a rather long cell of words | another one |\n" * 120


@pytest.fixture
def look(qapp: QApplication) -> Iterator[Look]:
    made = Look(Theme(qapp, resources_folder(), "light"), QObject(qapp))
    yield made
    made.formulas.close()


def in_one_go(look: Look, text: str) -> str:
    view = MarkdownView(look)
    view._writer.write(parse(text).blocks)
    shown = view.plain_text()
    view.deleteLater()
    return shown


@pytest.mark.parametrize(
    "text",
    [PART * 60, "```c\n" + "int x;\n" * 2_000 + "```\n\nend", "one\n\n" + TABLE + "\nend", "- item\n" * 1_500],
    ids=["mixed", "code", "table", "list"],
)
def test_slices_make_the_whole(look: Look, text: str) -> None:
    view = MarkdownView(look)
    view.set_text(text)
    assert view.text == text and view.waiting  # the first slice is there at once
    assert len(view.plain_text()) < len(text) / 2
    wait_for(lambda: not view.waiting, 30)
    assert view.text == text
    assert view.plain_text() == in_one_go(look, text)
    view.deleteLater()
    pump()


def test_a_long_table_that_grows_stays_a_table(look: Look) -> None:
    view = MarkdownView(look)
    for start in range(0, len(TABLE), 400):
        view._free_at = 0
        view.append(TABLE[start : start + 400])
    view.finish()
    assert view.plain_text() == in_one_go(look, TABLE)
    view.deleteLater()
    pump()


def test_the_look_changes_while_it_grows_or_is_filled(look: Look) -> None:
    growing, filled = MarkdownView(look), MarkdownView(look)
    growing.append(PART + "one **two")
    filled.set_text(PART * 30)
    look.changed.emit()
    growing._free_at = 0
    growing.append("** three")
    growing.finish()
    wait_for(lambda: not filled.waiting, 30)
    assert growing.plain_text() == in_one_go(look, PART + "one **two** three")
    assert filled.plain_text() == in_one_go(look, PART * 30)
    for view in (growing, filled):
        view.deleteLater()
    pump()


def test_a_conversation_of_long_answers_opens_at_its_end(chat: Chat) -> None:
    """A screen full at once, the rest above; one stays at the end, and later where one reads."""
    store = chat.house.chats()
    head = store.conversations.create(title="Long", engine=MODEL.engine, model=MODEL.name)
    for number in range(12):
        role = Role.USER if number % 2 == 0 else Role.ASSISTANT
        store.messages.add(head.id, role, "Ask" if role is Role.USER else PART * 20)
    chat.page._open(store.conversations.get(head.id), 0)
    wait_for(lambda: bool(chat.widgets))
    assert len(chat.widgets) <= 4
    transcript = chat.page._transcript
    wait_for(lambda: len(chat.widgets) == 12 and not any(each.view.waiting for each in chat.answers), 60)
    pump(0.1)
    bar = transcript.verticalScrollBar()
    assert transcript.following and bar.value() == bar.maximum()
    looked_at = chat.answers[3]
    transcript.show_widget(looked_at)
    top = looked_at.mapTo(transcript.viewport(), looked_at.rect().topLeft()).y()
    chat.answers[0].text.set_text("short now")
    pump(0.2)
    assert looked_at.mapTo(transcript.viewport(), looked_at.rect().topLeft()).y() == top
