"""Hostile answers through the whole window: streamed, kept, opened again, and the next question works."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QByteArray

from modelyard.chat.values import clean
from modelyard.engines.base import ChatChunk, ChatRequest, ChatStats
from modelyard.events import CancelToken
from modelyard.ui.chat.markdown_view import MarkdownView

from .chat_pages import Chat
from .scenes import pump, wait_for
from .test_chat_hostile import HOSTILE
from .twins import ANSWER

_PIECES = 250


@pytest.mark.parametrize(
    "name",
    ["one long line", "backticks", "unclosed fence", "unclosed formula", "zalgo", "direction", "file picture", "script",
     "large table", "wide table", "escapes", "zero width"],
)  # fmt: skip
def test_streamed_and_opened_again(chat: Chat, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = HOSTILE[name]
    opened: list[Any] = []
    monkeypatch.setattr(
        MarkdownView, "loadResource", lambda self, kind, url: opened.append(url.toString()) or QByteArray()
    )
    usual = chat.house.engine.chat

    def hostile(_request: ChatRequest, cancel: CancelToken) -> Iterator[ChatChunk]:
        step = max(4, len(text) // _PIECES)
        for start in range(0, len(text), step):
            cancel.wait(0.001)
            yield ChatChunk(text[start : start + step])
        yield ChatChunk(stats=ChatStats("stop", 20, 100))

    chat.house.engine.chat = hostile  # type: ignore[method-assign]
    chat.start("Break it")
    wait_for(lambda: not chat.session.busy, 30)
    pump(0.1)
    head = chat.session.conversation
    assert head is not None
    assert clean(chat.answers[0].view.text) == clean(text)
    chat.page._begin_new()
    wait_for(lambda: not chat.widgets)
    chat.page._open(head, 0)
    wait_for(lambda: bool(chat.answers) and not chat.answers[0].view.waiting, 30)
    assert chat.answers[0].view.text == clean(text) == chat.answers[0].message.content
    assert opened == []
    chat.house.engine.chat = usual  # type: ignore[method-assign]
    chat.ask("And now?")
    assert chat.answers[-1].view.text == ANSWER
