"""Answers as they are drawn: growing text ends as the whole text does, nothing is loaded, hostile text does no harm."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from modelyard.ui.chat.code_colours import coloured_spans
from PySide6.QtCore import QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from modelyard.host.folders import resources_folder
from modelyard.ui.chat.blocks import finished_length
from modelyard.ui.chat.markdown_view import MarkdownView
from modelyard.ui.design.theme import Theme

from .scenes import pump
from .twins import ANSWER

MIXED = f"""Intro *text*.

{ANSWER}
- one
- two
  - deeper

    still two

End.

```
no language

# not a heading
```

~~~js
let a = `x`;
~~~
Last line."""


@pytest.fixture(scope="module")
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp, resources_folder())


@pytest.fixture
def view(theme: Theme) -> Iterator[MarkdownView]:
    made = MarkdownView(theme)
    made.resize(600, 400)
    made.show()
    yield made
    made.deleteLater()
    pump()


def lines(view: MarkdownView) -> list[str]:
    """Texts of the blocks that are not empty."""
    block, found = view.document().begin(), []
    while block.isValid():
        if block.text().strip():
            found.append(block.text())
        block = block.next()
    return found


@pytest.mark.parametrize("piece", [1, 3, 7, 40])
def test_growing_text_ends_as_the_whole(view: MarkdownView, theme: Theme, piece: int) -> None:
    for start in range(0, len(MIXED), piece):
        view.append(MIXED[start : start + piece])
    view.catch_up()
    grown = lines(view)
    view.set_text(MIXED)
    assert grown == lines(view)
    assert view.text == MIXED


def test_finished_text_is_not_rendered_again(view: MarkdownView) -> None:
    view.append("One.\n\nTwo.\n\nThr")
    view.catch_up()
    assert view._finished == len("One.\n\nTwo.\n\n")


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("", ""),
        ("half a line", ""),
        ("one\n\n", ""),
        ("one\n\ntwo", "one\n\n"),
        ("- a\n\n- b", ""),
        ("1. a\n\n2. b", ""),
        ("- a\n\n  more", ""),
        ("```\na\n\nb", ""),
        ("```\na\n\nb\n```\n\nc", "```\na\n\nb\n```\n\n"),
        ("~~~\n```\n\nx", ""),
        ("````\n```\n\nx\n````\n\ny", "````\n```\n\nx\n````\n\n"),
        ("> a\n\n> b", ""),
        ("a\r\n\r\nb", "a\r\n\r\n"),
    ],
)
def test_where_a_growing_text_may_be_cut(text: str, finished: str) -> None:
    assert text[: finished_length(text)] == finished


def test_nothing_is_loaded(view: MarkdownView, monkeypatch: pytest.MonkeyPatch) -> None:
    view.set_text(
        "![a](file:///etc/passwd) ![b](http://127.0.0.1:9/x.png) <img src='file:///etc/passwd'> <script>x</script>"
    )
    pump(0.05)
    assert view.loadResource(2, QUrl("file:///etc/passwd")) is None
    assert "root:" not in view.toPlainText()
    assert "<script>x</script>" in view.toPlainText()


def test_code_has_colours_and_can_be_copied(view: MarkdownView) -> None:
    view.set_text(ANSWER)
    pump(0.05)
    (button,) = view._buttons
    button.click()
    expected = "def bend(light: str) -> int:\n    # a comment\n    return len(light) * 2 + 42"
    assert QGuiApplication.clipboard().text() == expected
    kinds = {colour for _start, _length, colour in coloured_spans(expected, "python")}
    assert {"code_keyword", "code_comment", "code_number", "code_name"} <= kinds
    assert list(coloured_spans("x", "no such language")) == []


def test_every_colour_span_lies_on_its_word() -> None:
    code = "def f():\n    return 'ü🙂'  # 注释\n"
    words = {colour: code[start : start + length] for start, length, colour in coloured_spans(code, "py")}
    assert words["code_comment"] == "# 注释"


HOSTILE = {
    "one long line": "a" * 300_000,
    "long words": "a b " * 20_000,
    "backticks": "`" * 100_000,
    "open fence": "```python\n" + "x = 1\n" * 3_000,
    "deep quotes": ">" * 2_000 + " x",
    "deep lists": "\n".join(" " * n + "- x" for n in range(0, 400, 2)),
    "brackets": "[" * 20_000,
    "stars": "*a" * 10_000,
    "table": "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 400,
    "zalgo": "a" + "\u0301" * 5_000,
    "direction": "\u202e" * 1_000 + "abc",
    "escapes": "\x1b[31mred\x1b[0m" * 500,
    "zero width": "\u200b" * 20_000,
    "nul": "a\0b",
    "surrogate": "a\ud800b",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text(view: MarkdownView, name: str) -> None:
    """Shown somehow, at once and while it grows; the window stays alive (a bound far above what it takes here)."""
    text = HOSTILE[name]
    begun = time.monotonic()
    view.set_text(text)
    pump()
    view.set_text("")
    for start in range(0, min(len(text), 60_000), 600):
        view.append(text[start : start + 600])
    view.finish()
    pump()
    assert time.monotonic() - begun < 30
