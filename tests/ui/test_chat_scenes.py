"""Every state of the chat a person can see: nothing clipped, everything named, both languages, 100 and 150 %."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from modelyard.chat.values import NewAttachment
from modelyard.engines.base import ChatChunk, ChatRequest, ChatStats
from modelyard.errors import Code, ModelyardError
from modelyard.events import CancelToken
from modelyard.ui.app import Desktop

from .chat_pages import Chat
from .scenes import SCENES, pump, showing, wait_for
from .test_scenes import clipped, nameless
from .twins import ANSWER, MODEL, House


def thinking_chat(_request: ChatRequest, _cancel: CancelToken) -> Iterator[ChatChunk]:
    yield ChatChunk(thinking="First I look at the sky.\n\n- sun\n- rain\n")
    time.sleep(0.6)
    yield ChatChunk(ANSWER)
    figures = ChatStats("stop", 3500, 200, 1.2, 0.4, tokens_per_second=42.3, context_length=4096, forgotten=2)
    yield ChatChunk(stats=figures)


def talked(desk: Desktop, house: House) -> Chat:
    house.engine.chat = thinking_chat  # type: ignore[method-assign]
    house.engine.list[0] = replace(MODEL, capabilities=("completion", "thinking", "vision"))
    chat = Chat(desk, house)
    chat.ask("彩虹是怎么形成的？ Please explain it with $\\lambda$.")
    chat.session.again(chat.answers[0].message)
    assert chat.session.busy
    chat.settle()
    return chat


def chat_details(desk: Desktop, house: House) -> None:
    chat = talked(desk, house)
    answer = chat.answers[-1]
    answer._figures._toggle()
    answer._think()._fold.toggle()
    pump(0.2)


def chat_settings(desk: Desktop, house: House) -> None:
    talked(desk, house).page._toggle_panel()
    pump(0.3)


def chat_attached(desk: Desktop, house: House) -> None:
    chat = talked(desk, house)
    picture = QImage(300, 200, QImage.Format.Format_RGB32)
    picture.fill(0x3377AA)
    chat.page._files.take_picture(picture)
    chat.session.attach([NewAttachment("报告 final.pdf", "application/pdf", b"", "word " * 40_000)])
    wait_for(lambda: len(chat.composer.attachments) == 2)
    chat.questions[0].begin_edit()
    pump(0.2)


def chat_search(desk: Desktop, house: House) -> None:
    chat = talked(desk, house)
    chat.list._search.setText("bent")
    wait_for(lambda: "bent" in chat.list._list.item(0).text())
    pump(0.1)


def chat_compared(desk: Desktop, house: House) -> None:
    house.engine.list.append(replace(MODEL, name="other", display_name="通义千问 3 8B"))
    chat = Chat(desk, house)
    chat.session.ask("Which?", second=house.engine.list[0])
    wait_for(lambda: len(chat.answers) == 2)
    chat.settle()


def chat_gone(desk: Desktop, house: House) -> None:
    chat = talked(desk, house)
    house.engine.list[:] = [replace(MODEL, name="other", display_name="Other")]
    desk.window.context.routes.models_changed.emit()
    wait_for(lambda: bool(chat.page._notice.text))
    head = chat.session.conversation
    assert head is not None
    chat.list.remove.emit(head)
    pump(0.2)


def chat_cut(desk: Desktop, house: House) -> None:
    """An answer was deleted and can be taken back; a file was refused."""
    chat = talked(desk, house)
    chat.answers[-1].delete.emit(chat.answers[-1].message)
    wait_for(lambda: chat.list._undo.isVisible())
    chat.page._show_failure(ModelyardError(Code.CHAT_PICTURE_TOO_LARGE, name="海报.png", width=20_000, height=20_000))
    pump(0.2)


def chat_circling(desk: Desktop, house: House) -> None:
    house.engine.answer, house.engine.pause = "I can help you. " * 5_000, 0.002
    chat = Chat(desk, house)
    chat.start("Who are you?")
    wait_for(lambda: len(chat.answers[0].view.text) > 800, 30)
    chat.page._notices._look_at_growth()
    pump(0.1)


def chat_very_long(desk: Desktop, house: House) -> None:
    house.engine.answer = "x" * 300_000
    chat = Chat(desk, house)
    chat.ask("word " * 2_000)


CHAT_SCENES: dict[str, Callable[[Desktop, House], None]] = {
    each.__name__: each
    for each in (
        chat_details,
        chat_settings,
        chat_attached,
        chat_search,
        chat_compared,
        chat_gone,
        chat_cut,
        chat_circling,
        chat_very_long,
    )
}


@pytest.mark.parametrize("name", CHAT_SCENES)
@pytest.mark.parametrize(("language", "scale"), [("en", 1.5), ("zh_CN", 1.0)], ids=["en-150", "zh-100"])
def test_chat_scene(
    qapp: QApplication, tmp_path: Path, name: str, language: str, scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SCENES, name, CHAT_SCENES[name])
    with showing(qapp, tmp_path, name, language, "dark" if scale == 1.0 else "light", scale) as desk:
        assert clipped(desk.window) == []
        assert nameless(desk.window) == []
