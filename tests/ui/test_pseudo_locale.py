"""Every state of the window in a made-up language: no text that was never translated, nothing clipped, at two sizes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from modelyard.modelfile.parameters import PARAMETERS
from modelyard.ui.app import Desktop
from modelyard.ui.chat.markdown_view import MarkdownView
from modelyard.ui.widgets.labels import ElidedText

from . import test_chat_scenes, test_models_scenes
from .pseudo import pseudo, speaking_pseudo, unspoken
from .scenes import SCENES, pump, showing
from .test_scenes import clipped, visible

# Names, of people's things and of products: the same in every language.
_NAMES = re.compile(
    r"""(?xi)
    \S*[/\\.:_\d]\S*            # paths, addresses, files, names with figures, versions
    | smollm2? | instruct | llama | gguf | ollama | modelyard | hugging\ face | english | qwen | mirror
    | mario | teacher | translator | lin | studio | huggingface | apache | python | other | tiny | word
    | (a\ cheerful\ plumber|explains\ step|chinese\ and\ english).*      # the twin's starters
    | hello!\ i\ am.*            # what the twin's model says
    | ctrl\+\w+
    """
)
# What a Modelfile itself is made of.
_OWN = {*PARAMETERS, "FROM", "SYSTEM", "PARAMETER", "TEMPLATE", "MESSAGE", "LICENSE", "REQUIRES", "PARSER", "RENDERER"}


def said(root: QWidget) -> Iterator[tuple[QWidget, str]]:
    """Every text of a control that a person reads or hears."""
    for label in visible(root, QLabel):
        yield label, label.text()
    for button in visible(root, QAbstractButton):
        yield button, button.text()
        yield button, button.toolTip()
    for box in visible(root, QComboBox):
        for number in range(box.count()):
            yield box, box.itemText(number)
    for kind in (QLineEdit, QPlainTextEdit):
        for edit in visible(root, kind):
            yield edit, edit.placeholderText()  # type: ignore[attr-defined]
    for widget in visible(root, QWidget):
        yield widget, widget.accessibleName()


def forgotten(root: QWidget, theirs: set[str]) -> list[str]:
    """`theirs`: what people and models wrote."""
    found = set()
    for widget, text in said(root):
        if isinstance(widget, MarkdownView) or any(text in each for each in theirs):
            continue
        left = _NAMES.sub(" ", unspoken(text))
        if any(word not in _OWN for word in re.findall(r"[A-Za-z]{3,}", left)):
            found.add(f"{type(widget).__name__}: {text[:80]!r}")
    return sorted(found)


def shortened(root: QWidget) -> list[str]:
    """Texts of ours that end in dots because there is no room (names of people's things may)."""
    return [
        label.text()[:80]
        for label in visible(root, ElidedText)
        if re.fullmatch(r"\[.*\]", label.text()) and label.width() < label.sizeHint().width() - 1
    ]


def judge(desk: Desktop, *scales: float) -> None:
    """At the usual size of text, then half as large again."""
    chats = desk.window.context.services.chats()
    theirs = {each.title for each in chats.conversations.list()}
    theirs |= {message.content for each in chats.conversations.list() for message in chats.messages.path(each.id)}
    for scale in scales or (1.0, 1.5):
        desk.theme.set_text_scale(scale)
        pump(0.1)
        for root in (desk.window, *(each for each in desk.window.findChildren(QDialog) if each.isVisible())):
            assert forgotten(root, theirs) == []
            pump(2.0, lambda root=root: not clipped(root))
            assert clipped(root) == []
            assert shortened(root) == []


def test_the_made_up_language() -> None:
    assert pseudo("Back") == "[Báçk~~]"
    assert pseudo("{n} free") == "[{n} fréé~~]" and pseudo("{n} / {m}") == "{n} / {m}"
    assert unspoken("[Of [x] y] lin · [z]").split() == ["lin", "·"]


# Two answers, or two columns, beside the conversation: larger text asks for a larger window there.
_CROWDED = ("chat_compared", "chat_settings")
_ALL: dict[str, Callable[..., None]] = {**SCENES, **test_chat_scenes.CHAT_SCENES}


@pytest.mark.parametrize("name", _ALL)
def test_scene(qapp: QApplication, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCENES, name, _ALL[name])
    with speaking_pseudo(qapp, monkeypatch), showing(qapp, tmp_path, name) as desk:
        judge(desk, *([1.0] if name in _CROWDED else []))


@pytest.mark.parametrize("name", test_models_scenes.SCENES)
def test_models(qapp: QApplication, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with speaking_pseudo(qapp, monkeypatch), showing(qapp, tmp_path / "data", "models") as desk:
        view = test_models_scenes.prepare(desk, tmp_path)
        test_models_scenes.SCENES[name](view)
        judge(desk)
