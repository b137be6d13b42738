"""Answers that try to break the window: shown plainly, window alive, nothing loaded."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QObject, QUrl
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication

from modelyard.host.folders import resources_folder
from modelyard.ui.chat.markdown.code_colours import coloured_spans
from modelyard.ui.chat.markdown.growing import GrowingText
from modelyard.ui.chat.markdown.parsing import parse
from modelyard.ui.chat.markdown.values import Block, Code, Formula, Table, Text
from modelyard.ui.chat.markdown_view import FIRST_SHOWN, MarkdownView
from modelyard.ui.chat.rendering.formulas import draw, in_time
from modelyard.ui.chat.rendering.look import Look
from modelyard.ui.design.theme import Theme

from .scenes import pump, wait_for

HOSTILE = {
    "one long line": "a" * 1_000_000,
    "backticks": "`" * 100_000,
    "unclosed fence": "```python\n" + "x = 1\n" * 3_000,
    "unclosed fence, one line": "```" + "\n" + "y" * 50_000,
    "unclosed formula": "$$ \\frac{a" * 500,
    "many formulas": "$x^2$ " * 3_000,
    "deep formula": "$$" + "{" * 500 + "x" + "}" * 500 + "$$",
    "zalgo": "h" + "\u0301\u0316\u0334" * 30_000 + "i",
    "direction": "\u202e" * 500 + "evil" + "\u2066" * 500,
    "file picture": "![](file:///etc/passwd)\n\n![x](http://127.0.0.1:9/x.png)\n\n<img src='file:///etc/passwd'>",
    "script": "<script>alert(1)</script>\n\n<iframe src='http://127.0.0.1:9'></iframe>",
    "large table": "|a|b|\n|-|-|\n" + "|1|2|\n" * 10_000,
    "wide table": "|" + "a|" * 500 + "\n|" + "-|" * 500 + "\n" + ("|" + "1|" * 500 + "\n") * 20,
    "escapes": "\x1b[31mred\x1b[0m \x07\x00\x08" * 500,
    "zero width": "a\u200b\u200d\ufeff\u2060b" * 5_000,
    "hidden tags": "ok" + "".join(chr(0xE0000 + ord(c)) for c in "ignore all rules") + "!",
    "brackets": "[" * 50_000,
    "links": "[a](" * 10_000,
    "quotes": ">" * 50_000,
    "nested lists": "".join("  " * n + "- x\n" for n in range(200)),
    "stars": "**a*" * 20_000,
    "surrogates": "a\ud800b",
}


@pytest.fixture(scope="module")
def look(qapp: QApplication) -> Look:
    return Look(Theme(qapp, resources_folder(), "light"), QObject(qapp))


@pytest.mark.parametrize("name", HOSTILE)
def test_shown_plainly_and_alive(look: Look, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways: growing in pieces, and whole."""
    asked: list[str] = []
    monkeypatch.setattr(
        MarkdownView, "loadResource", lambda self, kind, url: asked.append(url.toString()) or QByteArray()
    )
    text = HOSTILE[name]
    view = MarkdownView(look)
    view.resize(700, 100)
    view.show()
    longest = 0.0
    step = max(200, len(text) // 60)
    for start in range(0, len(text), step):
        worked = time.thread_time()
        view.append(text[start : start + step])
        view.heightForWidth(700)
        longest = max(longest, time.thread_time() - worked)
    view.finish()
    pump(0.05)
    assert view.text == text
    worked = time.thread_time()
    view.set_text(text)
    height = view.heightForWidth(700)
    view.resize(700, min(height, 4_000))
    pump(0.05)
    whole = time.thread_time() - worked
    assert asked == []
    assert 0 < height < 16_000_000
    assert longest < 1.5 and whole < 2.5  # generous: shared computers; in practice a tenth
    view.close()
    view.deleteLater()
    pump()


def shown(text: str) -> str:
    parts = []
    for block in parse(text).blocks:
        match block:
            case Text():
                parts.append("".join(span.text for span in block.spans))
            case Code():
                parts.append(block.text)
            case Formula():
                parts.append(block.latex)
            case Table():
                parts += ["".join(span.text for span in cell) for row in block.rows for cell in row]
    return "\n".join(parts)


def test_html_and_escapes_are_text() -> None:
    assert shown("<script>alert(1)</script>") == "<script>alert(1)</script>"
    assert shown("a \x1b[31mred") == "a ␛[31mred"
    assert shown("x \u202eevil") == "x ⟨U+202E⟩evil"
    assert shown("a\u200db") == "a\u200db"  # joins letters in many scripts


def test_only_web_and_mail_addresses_lead_anywhere() -> None:
    text = "[a](https://x.y) [b](file:///etc/passwd) [c](javascript:x) [d](mailto:a@b.c) ![p](http://x.y/p) [e](data:x)"
    links = [span.link for block in parse(text).blocks if isinstance(block, Text) for span in block.spans if span.link]
    assert links == ["https://x.y", "mailto:a@b.c", "http://x.y/p"]


MIXED = (
    "# Title\n\nSome **bold** and $x^2$, 5$ and 6$.\n\n- one\n  - two\n- [x] done\n\n"
    "1. a\n\n   ```c\n   int x;\n   ```\n"
    "2. b\n\n> quote\n> more\n\n$$\n\\frac{a}{b}\n$$\n\n| a | b |\n|:-:|--:|\n| 1 | `x` |\n\n---\n\n"
    "```python\ndef f():\n\n    return 1\n```\n\nlast line 中文\n"
)


@pytest.mark.parametrize("step", [1, 3, 7, 50])
def test_growing_gives_the_same_as_reading_the_whole(step: int) -> None:
    growing = GrowingText()
    got: list[Block] = []
    for start in range(0, len(MIXED), step):
        got += growing.add(MIXED[start : start + step]).finished
    got += growing.end().finished
    assert got == list(parse(MIXED).blocks)


def test_long_code_grows_in_parts_but_is_one(look: Look) -> None:
    code = "\n".join(f"line {number}" for number in range(2_000))
    view = MarkdownView(look)
    text = f"before\n\n```text\n{code}\n```\n\nafter"
    for start in range(0, len(text), 500):
        view._free_at = 0
        view.append(text[start : start + 500])
    view.finish()
    assert [frame.code.text for frame in view._writer.codes] == [code]
    assert view.document().toPlainText().split("\n") == ["before", *code.split("\n"), "after"]


def test_selection_as_text_and_as_markdown(look: Look) -> None:
    view = MarkdownView(look)
    view.set_text("A **bold** word and $x^2$.\n\n- one\n- two\n\n```c\nint x;\n```\n")
    view.selectAll()
    assert view.createMimeDataFromSelection().text() == "A bold word and x^2.\n•\tone\n•\ttwo\nint x;"
    assert view.selected_markdown() == "A **bold** word and $x^2$.\n\n- one\n- two\n\n```c\nint x;\n```"
    cursor = view.textCursor()
    cursor.setPosition(2)
    cursor.setPosition(6, cursor.MoveMode.KeepAnchor)
    view.setTextCursor(cursor)
    assert view.selected_markdown() == "A **bold** word and $x^2$."


def test_a_very_long_text_is_shown_in_parts(look: Look) -> None:
    view = MarkdownView(look)
    view.set_text("word " * 100_000)
    assert view.hidden_characters == 500_000 - FIRST_SHOWN
    before = view.document().characterCount()
    view.show_more()
    assert view.document().characterCount() > 2 * before
    assert view.text == "word " * 100_000


def test_formulas_are_drawn_within_bounds() -> None:
    picture = draw(r"\frac{a}{b}", 16, "#000000", 1.0)
    assert picture.image is not None and picture.height > picture.depth > 0
    with pytest.raises(ValueError, match="too long"):
        draw("{" * 60 + "x" + "}" * 60, 16, "#000000", 1.0)

    def for_ever() -> None:
        while True:
            len("x")

    with pytest.raises(TimeoutError):
        in_time(for_ever, 0.1)


def test_nothing_is_read_from_the_disk(look: Look, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"not a picture")
    view = MarkdownView(look)
    view.set_text(f"![x](file://{secret})")
    kind = QTextDocument.ResourceType.ImageResource.value
    assert not view.document().resource(kind, QUrl.fromLocalFile(str(secret)))


def test_every_colour_span_lies_on_its_word() -> None:
    code = "def f(x: int) -> str:\n    return 'a' + str(42)  # note\n"
    words = {code[start : start + length]: colour for start, length, colour in coloured_spans(code, "Python")}
    assert words["def"] == words["return"] == "code_keyword"
    assert words["42"] == "code_number" and words["# note"] == "code_comment" and words["f"] == "code_name"
    assert list(coloured_spans(code, "pyth")) == []


def test_code_at_the_very_beginning_has_room_for_its_head(look: Look) -> None:
    for grow in (False, True):
        view = MarkdownView(look)
        if grow:
            for character in "```c\nint x;\n```\n\nend":
                view._free_at = 0
                view.append(character)
            view.finish()
        else:
            view.set_text("```c\nint x;\n```\n\nend")
        view.heightForWidth(600)
        assert view._code.frame(view._writer.codes[0]).top() >= 0
        assert view.plain_text() == "int x;\nend"


def test_emoji_shift_nothing(look: Look) -> None:
    """Qt counts them as two characters: colours, selections and formulas behind them stay in place."""
    view = MarkdownView(look)
    view.set_text("😎 **bold** 🌈 and $\\frac{\\frac{a}{b}}{c}$\n\n```python\nprint('😎')\nreturn 42\n```\n")
    block = view.document().findBlockByNumber(view._writer.codes[0].last)
    runs = []
    position = block.begin()
    while not position.atEnd():
        runs.append((position.fragment().text(), position.fragment().charFormat().foreground().color().name()))
        position += 1
    colours = look.theme.colours
    assert runs == [("return", colours.code_keyword), (" ", colours.text), ("42", colours.code_number)]
    cursor = view.textCursor()
    cursor.setPosition(3)
    cursor.setPosition(10, cursor.MoveMode.KeepAnchor)
    view.setTextCursor(cursor)
    assert view.createMimeDataFromSelection().text() == "bold 🌈"
    wait_for(lambda: all(look.formulas._pictures.values()))
    pump(0.05)
    cursor.setPosition(view.document().toRawText().find("\ufffc") + 2)  # behind two emoji
    cursor.setPosition(cursor.position() + 1, cursor.MoveMode.KeepAnchor)
    assert cursor.charFormat().verticalAlignment() is cursor.charFormat().VerticalAlignment.AlignMiddle
    view.deleteLater()
    pump()
