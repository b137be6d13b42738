"""What gives way in a small window or with large letters, and errors that may be put aside."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QToolButton

from modelyard.errors import Code, ModelyardError
from modelyard.modelfile.persona import Persona
from modelyard.ui.personas.draft import Draft
from modelyard.ui.widgets.boxes import NameBox
from modelyard.ui.widgets.buttons import NameButton
from modelyard.ui.widgets.error_panel import ErrorPanel
from modelyard.words.catalogue import catalogue

from .chat_pages import Chat, chat  # noqa: F401 - the fixture
from .scenes import pump, showing, wait_for
from .test_scenes import clipped

LONG = "DeepSeek-R1-Distill-Qwen-32B-preview-2026 深度求索蒸馏模型"


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_list_gives_way_to_the_settings(qapp: QApplication, tmp_path: Path, scale: float) -> None:
    with showing(qapp, tmp_path, "chat_answer", scale=scale) as desk:
        desk.window.resize(desk.window.minimumSize())
        pump(0.1)
        view = desk.window.page("chat")
        assert view._list.isVisible()
        view._toggle_panel()
        pump(0.2)
        assert not view._list.isVisible()
        assert view._panel.geometry().right() < view.width()
        assert clipped(view._panel) == []
        view._search()
        assert view._list.isVisible() and not view._panel.isVisible()


def test_both_where_there_is_room(qapp: QApplication, tmp_path: Path) -> None:
    with showing(qapp, tmp_path, "chat_answer") as desk:
        view = desk.window.page("chat")
        view._toggle_panel()
        pump(0.1)
        assert view._list.isVisible() and view._panel.isVisible()


def test_persona_form_shows_whole_fields(qapp: QApplication, tmp_path: Path) -> None:
    with showing(qapp, tmp_path, "personas", scale=1.5) as desk:
        desk.window.resize(desk.window.minimumSize())
        page = desk.window.page("personas")
        page.edit(Draft(Persona(name="Mario")))
        pump(0.2)
        form = page.editor.form
        assert form.widget().width() <= form.viewport().width()


def test_error_about_a_file_is_put_aside(chat: Chat) -> None:  # noqa: F811
    chat.ask("Hello")
    chat.page._show_failure(ModelyardError(Code.CHAT_PICTURE_TOO_LARGE, name="海报.png", width=20_000, height=20_000))
    [panel] = chat.page.findChildren(ErrorPanel)
    panel.findChild(QToolButton).click()
    wait_for(lambda: not chat.page.findChildren(ErrorPanel))


def test_long_names_are_shortened_not_cut(qapp: QApplication) -> None:
    button = NameButton(lambda: None)
    button.say(LONG)
    assert button.minimumSizeHint().width() < button.sizeHint().width() == button.maximumWidth()
    button.resize(120, button.sizeHint().height())
    box = NameBox(8)
    box.addItem(LONG)
    box.resize(120, box.sizeHint().height())
    for each in (button, box):
        assert each.toolTip() == LONG
        assert not each.grab().isNull()


def test_chinese_sentences_stand_without_a_gap() -> None:
    error = ModelyardError(Code.DISK_FULL, folder="D:\\", need_bytes=10**9, free_bytes=10**6)
    assert "。 " not in catalogue("zh_CN").error_line(error)
