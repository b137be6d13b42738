"""No block of an answer is taller than its room, however wide the window and however large the letters are."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from modelyard.host.folders import resources_folder
from modelyard.ui.chat.markdown_view import MarkdownView
from modelyard.ui.chat.rendering.look import Look
from modelyard.ui.design.theme import Theme

from .chat_pages import Chat
from .scenes import pump, wait_for

_EXTRA = 80  # pixels that must stay empty below the room a message asks for
_GROUND = QColor("#123456")

BLOCKS = {
    "text": "Sunlight is **bent** and `split`. " * 12,
    "heading": "text\n\n# A heading that is rather long and may need another line",
    "list": "- one\n- two\n  - three\n\n1. four",
    "empty item": "- one\n-",
    "quote": "> Look up!\n> > And up again.",
    "rule": "text\n\n---",
    "table": "| a | b |\n|---|---|\n| 1 | " + "many words " * 8 + "|",
    "formula": "text\n\n$$\\int_0^\\infty \\frac{a}{b}\\,dx$$",
    "formula in a line": "The sum $\\sum_{i=0}^{n} \\frac{\\frac{a}{b}}{c}$",
    "code": "text\n\n```python\ndef f():\n\n    return 'x'\n```",
    "code alone": "```c\nint x;\n```",
    "empty code": "```c\n```",
    "code that ends empty": "```\nx\n\n\n```",
    "long line of code": "```\n" + "word " * 60 + "\n```",
    "code without spaces": "text\n\n```\n" + "y" * 400 + "\n```",
    "code in a list": "- item\n\n  ```sh\n  make\n  ```",
    "code in a quote": "> text\n>\n> ```sh\n> make\n> ```",
    "two codes": "```c\nint x;\n```\n\n```c\nint y;\n```",
    "chinese": "# 彩虹\n\n" + "阳光在水滴中被折射和分解。" * 9 + "\n\n```python\n# 注释\n```",
    "emoji": "🌈 👩‍👩‍👧‍👦 " * 20,
}


def look_of(qapp: QApplication, scale: float) -> Look:
    return Look(Theme(qapp, resources_folder(), "light", scale), QObject(qapp))


def lowest_mark(view: MarkdownView, width: int, height: int) -> int:
    """The lowest row on which anything is drawn."""
    view.resize(width, height)
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(_GROUND)
    painter = QPainter(image)
    view.render(painter, QPoint(), renderFlags=MarkdownView.RenderFlag.DrawChildren)
    painter.end()
    for y in range(height - 1, -1, -1):
        if any(image.pixelColor(x, y) != _GROUND for x in range(0, width, 3)):
            return y
    return -1


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_nothing_is_taller_than_its_room(qapp: QApplication, scale: float) -> None:
    look = look_of(qapp, scale)
    short: list[str] = []
    for name, text in BLOCKS.items():
        view = MarkdownView(look)
        view.set_text(text)
        if "formula" in name:
            wait_for(lambda: all(look.formulas._pictures.values()))
            pump(0.05)
        for width in (240, 421, 760):
            room = view.heightForWidth(width)
            lowest = lowest_mark(view, width, room + _EXTRA)
            if not 0 < lowest < room:
                short.append(f"{name} at {width}: {lowest} of {room}")
        view.deleteLater()
    look.formulas.close()
    pump()
    assert not short, "\n".join(short)


def test_it_has_room_while_it_grows(qapp: QApplication) -> None:
    look = look_of(qapp, 1.0)
    text = "\n\n".join(BLOCKS[name] for name in ("text", "list", "code", "table", "code in a list", "two codes"))
    view = MarkdownView(look)
    short: list[str] = []
    for start in range(0, len(text), 23):
        view._free_at = 0
        view.append(text[start : start + 23])
        room = view.heightForWidth(500)
        lowest = lowest_mark(view, 500, room + _EXTRA)
        if lowest >= room:
            short.append(f"after {start + 23}: {lowest} of {room}")
    view.deleteLater()
    look.formulas.close()
    pump()
    assert not short, "\n".join(short)


@pytest.mark.parametrize("text", ["|" + "a|" * 40 + "\n|" + "-|" * 40 + "\n|" + "1|" * 40, "$" + "a+" * 90 + "b$"])
def test_everything_can_be_reached_sideways(qapp: QApplication, text: str) -> None:
    """A table that is too wide scrolls by itself, a formula is made smaller."""
    look = look_of(qapp, 1.0)
    view = MarkdownView(look)
    view.set_text(text)
    wait_for(lambda: all(look.formulas._pictures.values()))
    pump(0.05)
    room = view.heightForWidth(400)
    view.resize(400, room)
    view.show()
    pump(0.05)
    bar = view.horizontalScrollBar()
    assert bar.isVisible() == text.startswith("|")
    assert view.document().size().width() <= 400 + bar.maximum()
    assert view.document().size().height() <= view.viewport().height()
    look.formulas.close()
    view.close()
    view.deleteLater()
    pump()


def test_a_long_word_of_a_question_is_broken_and_copied_whole(chat: Chat) -> None:
    address = "https://example.org/" + "a" * 300
    chat.ask(f"See {address} 彩虹")
    question = chat.questions[0]
    assert question._label.width() < question.width()
    assert question._label.height() > 3 * question._label.fontMetrics().height()
    question._label.setSelection(0, len(question._label.text()))
    question._label.setFocus()
    QTest.keyClick(question._label, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == f"See {address} 彩虹"
    assert question.message.content == f"See {address} 彩虹"


def test_an_empty_line_of_code_is_as_high_as_the_others(qapp: QApplication) -> None:
    look = look_of(qapp, 1.0)
    view = MarkdownView(look)
    view.set_text("```\na\n\nb\nc\n```")
    view.heightForWidth(500)
    layout, document = view.document().documentLayout(), view.document()
    frame = view._writer.codes[0]
    tops = [layout.blockBoundingRect(document.findBlockByNumber(n)).top() for n in range(frame.first, frame.last + 1)]
    steps = {round(below - above) for above, below in itertools.pairwise(tops)}
    assert max(steps) - min(steps) <= 1
    look.formulas.close()
    view.deleteLater()
    pump()
