"""What gives way in a small window or with large letters, and errors that may be put aside."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton, QWidget

from modelyard.errors import Code, ModelyardError
from modelyard.modelfile.persona import Persona
from modelyard.ui.design.tokens import Space
from modelyard.ui.personas.draft import Draft
from modelyard.ui.settings.addresses import AddressesCard
from modelyard.ui.settings.rows import SettingCard
from modelyard.ui.widgets.boxes import NameBox
from modelyard.ui.widgets.buttons import NameButton
from modelyard.ui.widgets.error_panel import ErrorPanel
from modelyard.ui.widgets.labels import IconLabel
from modelyard.words.catalogue import catalogue

from .chat_pages import Chat
from .scenes import pump, showing, wait_for
from .test_scenes import clipped

LONG = "DeepSeek-R1-Distill-Qwen-32B-preview-2026 深度求索蒸馏模型"


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_list_gives_way_to_the_settings(qapp: QApplication, tmp_path: Path, scale: float, language: str) -> None:
    with showing(qapp, tmp_path, "chat_answer", language, scale=scale) as desk:
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


def test_error_about_a_file_is_put_aside(chat: Chat) -> None:
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


def test_a_long_address_leaves_its_buttons_in_the_window(qapp: QApplication, tmp_path: Path) -> None:
    with showing(qapp, tmp_path, "settings_engines") as desk:
        desk.window.resize(desk.window.minimumSize())
        section = desk.window.page("settings").section(1)
        card = section.findChild(AddressesCard)
        card._edit.setText("http://a-very-long-name-of-a-server-in-the-office.intranet.example.org:11434")
        card._add()
        pump(0.2)
        assert section.widget().width() <= section.viewport().width()
        assert all(right_of(each, card) < card.width() for each in card.findChildren(QPushButton))


def right_of(widget: QWidget, window: QWidget) -> int:
    return widget.mapTo(window, QPoint(widget.width(), 0)).x()


def test_cards_end_where_the_buttons_above_them_end(qapp: QApplication, tmp_path: Path) -> None:
    with showing(qapp, tmp_path, "models") as desk:
        desk.window.go("settings")
        pump(0.1)
        models, settings = desk.window.page("models").list_page, desk.window.page("settings")
        for width in (880, 1180, 1900):
            desk.window.resize(width, 700)
            pump(0.1)
            card = settings.section(0).findChild(SettingCard)
            check = next(each for each in settings.findChildren(QPushButton) if each.isVisible())
            assert right_of(card, settings) == right_of(check, settings)
        desk.window.go("models")
        for width in (880, 1180, 1900):
            desk.window.resize(width, 700)
            pump(0.1)
            ends = {right_of(each, models) for each in (models._panel._card, models._tidy, models._header_import)}
            assert len(ends) == 1


def test_nothing_scrolls_on_into_emptiness(qapp: QApplication, tmp_path: Path) -> None:
    """The words of a card take more lines in a narrower window; the page is as high as they are in this one."""
    with showing(qapp, tmp_path, "wizard_refused") as desk:
        area = desk.window.page("wizard")._check._scroll
        assert area.verticalScrollBar().maximum() == 0
        desk.window.resize(desk.window.minimumSize())
        pump(0.1)
        words = [each for each in area.findChildren(QWidget) if each.isVisible() and each.objectName() == "errorPanel"]
        bottom = words[0].mapTo(area.widget(), QPoint(0, words[0].height())).y()
        assert area.widget().height() <= max(area.viewport().height(), bottom + Space.XXL + Space.L)


def test_icons_grow_with_the_text(qapp: QApplication, tmp_path: Path) -> None:
    with showing(qapp, tmp_path, "chat_answer") as desk:
        composer = desk.window.page("chat")._composer
        pictures = desk.window.findChildren(IconLabel)
        before = composer._send_button.iconSize().width()
        usual = [each.width() for each in pictures]
        desk.theme.set_text_scale(2.0)
        pump(0.1)
        assert composer._send_button.iconSize().width() == pytest.approx(2 * before, abs=2)
        assert composer._send_button.width() == composer._send_button.height() > 2 * before
        assert [each.width() for each in pictures] == pytest.approx([2 * each for each in usual], rel=0.06)
        desk.theme.set_text_scale(0.8)
        pump(0.1)
        assert composer._send_button.iconSize().width() <= before


def test_chinese_sentences_stand_without_a_gap() -> None:
    error = ModelyardError(Code.DISK_FULL, folder="D:\\", need_bytes=10**9, free_bytes=10**6)
    assert "。 " not in catalogue("zh_CN").error_line(error)
