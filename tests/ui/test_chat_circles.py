"""A model that talks in circles: the person is told and can end it."""

from __future__ import annotations

import pytest

from modelyard.chat.values import State
from modelyard.ui.chat.circles import goes_in_circles

from .chat_pages import Chat
from .scenes import press, wait_for

LOOP = "I am a large language model, and I can help you. "


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It begins well. " + LOOP * 12, True),
        (LOOP * 12 + LOOP[:20], True),
        ("。是的" * 200, True),
        ("a" * 400, True),
        (LOOP * 3, False),
        ("na " * 16 + "Batman!", False),
        ("".join(f"{number}. A rather different line.\n" for number in range(200)), False),
        ("| a | b |\n" * 30, False),
        ("", False),
    ],
)
def test_circles(text: str, found: bool) -> None:
    assert goes_in_circles(text) is found


def test_it_is_told_and_can_be_stopped(chat: Chat) -> None:
    chat.house.engine.answer = LOOP * 5_000
    chat.house.engine.pause = 0.002
    chat.start("Who are you?")
    wait_for(lambda: len(chat.answers[0].view.text) > 1_000, 30)
    chat.page._notices._look_at_growth()
    assert "repeats itself" in chat.page._notice.text
    press(chat.page._notice, "Stop")
    chat.settle()
    assert chat.answers[0].message.state is State.STOPPED
    assert chat.page._notice.text == ""
