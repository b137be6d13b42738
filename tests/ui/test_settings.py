"""Settings: sections, Ollama and its addresses, the access key, the download source, licences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget, QSpinBox

from modelyard.engines.base import EngineState, EngineStatus
from modelyard.errors import Action, Code, ModelyardError
from modelyard.events import CancelToken
from modelyard.host.secrets import Place as KeyPlace
from modelyard.host.settings import DECLARED
from modelyard.importing.access import SourceReport
from modelyard.ui.app import Desktop
from modelyard.ui.routes import Place
from modelyard.ui.settings.account import AccountCard
from modelyard.ui.settings.addresses import AddressesCard
from modelyard.ui.settings.licences import LicencesDialog, shipped_licences
from modelyard.ui.settings.ollama import OllamaCard
from modelyard.ui.settings.rows import SettingRow
from modelyard.ui.settings.source import SourceCard
from modelyard.ui.settings.view import SettingsView
from modelyard.ui.welcome.sources import SourceChoice

from .scenes import press, pump, wait_for
from .twins import House

KEY = "hf_abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def view(desk: Desktop) -> Iterator[SettingsView]:
    desk.window.go(Place.SETTINGS)
    page: Any = desk.window.page("settings")
    wait_for(lambda: len(page._sections) == 6)
    yield page


def turn_to(view: SettingsView, name: str) -> Any:
    listed = view.findChild(QListWidget, "sections")
    number = next(row for row in range(listed.count()) if listed.item(row).text() == name)
    listed.setCurrentRow(number)
    pump(0.05)
    return view._sections[number]


def test_every_declared_setting_has_its_place(view: SettingsView, desk: Desktop) -> None:
    shown = {row.setting.key for row in view.findChildren(SettingRow)}
    own_card = {"ollama_address", "ollama_more_addresses"}
    assert shown | own_card == {each.key for each in DECLARED if each.group != "hidden"}
    words = desk.window.context.words.entries("settings")
    assert shown <= set(words), "each has its words"


def test_sections_by_keyboard(view: SettingsView) -> None:
    listed = view.findChild(QListWidget, "sections")
    listed.setFocus()
    QTest.keyClick(listed, Qt.Key.Key_Down)
    assert view._stack.currentWidget() is view._sections[1]


def test_what_means_nothing_now_is_hidden(view: SettingsView, house: House) -> None:
    turn_to(view, "Downloads")
    rows = {row.setting.key: row for row in view.findChildren(SettingRow)}
    assert rows["download_address"].isHidden() and rows["proxy_address"].isHidden()
    assert rows["mirror_gets_token"].isHidden()
    view._store("download_source", "custom")
    view._store("proxy", "address")
    assert not rows["download_address"].isHidden() and not rows["proxy_address"].isHidden()
    view._store("download_source", "hf-mirror")
    assert rows["download_address"].isHidden() and not rows["mirror_gets_token"].isHidden()


@pytest.mark.parametrize(("safe", "said"), [(True, "system's keyring"), (False, "until Modelyard closes")])
def test_a_password_typed_into_the_proxys_address_goes_to_the_keyring(
    view: SettingsView, house: House, safe: bool, said: str
) -> None:
    told: list[str] = []
    view.context.routes.toast.connect(told.append)
    house.proxy_login.safe = safe
    turn_to(view, "Downloads")
    view._store("proxy", "address")
    rows = {row.setting.key: row for row in view.findChildren(SettingRow)}
    field = rows["proxy_address"].findChild(QLineEdit)
    field.setText("http://lin:s3cret@proxy:3128")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == house.settings.text("proxy_address") == "http://lin@proxy:3128"
    wait_for(lambda: bool(told))
    assert said in told[0] and house.proxy_login.kept == {"http://lin@proxy:3128": "s3cret"}
    assert "s3cret" not in house.settings.path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("action", "code", "section"),
    [
        (Action.OPEN_ACCOUNT, Code.HUB_GATED_NO_KEY, "Hugging Face"),
        (Action.START_OLLAMA, Code.OLLAMA_STOPPED, "Engines"),
        (Action.OPEN_SETTINGS, Code.HUB_PROXY, "Downloads"),
        (Action.CHOOSE_FOLDER, Code.FOLDER_NOT_WRITABLE, "Storage and privacy"),
    ],
)
def test_an_errors_button_opens_the_right_section(desk: Desktop, action: Action, code: Code, section: str) -> None:
    desk.window.mend(action, ModelyardError(code))
    listed = desk.window.page("settings").findChild(QListWidget, "sections")
    assert desk.window.current == "settings" and listed.currentItem().text() == section


# --- Ollama ----------------------------------------------------------------------------------------------------------


def test_ollama_is_started_and_waited_for(view: SettingsView, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.ollama.state = EngineState.STOPPED
    waited: list[bool] = []

    def start(token: CancelToken) -> EngineStatus:
        if not waited:
            waited.append(token.wait(5.0))
            token.check()
        house.ollama.state = EngineState.READY
        return house.ollama.status()

    monkeypatch.setattr(house.ollama, "start", start, raising=False)
    card = turn_to(view, "Engines").findChild(OllamaCard)
    wait_for(lambda: card._start.isVisible())
    assert "not running" in card._line.text()
    press(card, "Start Ollama")
    assert card._give_up.isVisible() and "Starting" in card._line.text()
    press(card, "Stop waiting")
    wait_for(lambda: waited == [True] and card._start.isVisible())
    press(card, "Start Ollama")
    wait_for(lambda: "0.40.1 is running" in card._line.text())
    assert not card._start.isVisible()


def test_ollama_that_is_not_here(view: SettingsView, house: House) -> None:
    card = turn_to(view, "Engines").findChild(OllamaCard)
    wait_for(lambda: card._get.isVisible())
    assert "built-in engine works without it" in card._line.text()


def test_addresses(view: SettingsView, house: House) -> None:
    card = turn_to(view, "Engines").findChild(AddressesCard)
    assert [each.address for each in card.lines] == [""] and card.lines[0].choose.isChecked()
    card._edit.setText("192.168.1.20:11434")
    QTest.keyClick(card._edit, Qt.Key.Key_Return)
    wait_for(lambda: "0.40.2 answers" in card.lines[1].trial.words)
    card.lines[1].choose.click()
    assert house.settings.text("ollama_address") == "192.168.1.20:11434"
    card._edit.setText("nowhere:1")
    press(card, "Add")
    wait_for(lambda: card.lines[2].trial.words.count("\n") == 1)
    assert [each.address for each in card.lines] == ["", "192.168.1.20:11434", "nowhere:1"]
    assert card.lines[1].choose.isChecked()
    card._remove("192.168.1.20:11434")
    assert house.settings.text("ollama_address") == ""
    assert house.settings.text("ollama_more_addresses") == "nowhere:1"


# --- access key ------------------------------------------------------------------------------------------------------


def account(view: SettingsView) -> AccountCard:
    card = turn_to(view, "Hugging Face").findChild(AccountCard)
    wait_for(lambda: "Looking" not in card._state.text())
    return card


def test_a_key_is_kept_tested_and_forgotten(view: SettingsView, house: House) -> None:
    card = account(view)
    assert card._edit.echoMode() is QLineEdit.EchoMode.Password and not card._save.isEnabled()
    QTest.keyClicks(card._edit, KEY)
    QTest.keyClick(card._edit, Qt.Key.Key_Return)
    wait_for(lambda: "lin" in card._trial.words)
    assert (house.access.kept, house.access.place) == (KEY, KeyPlace.KEYRING)
    assert card._edit.text() == "" and "may read and publish" in card._trial.words
    assert KEY not in house.settings.path.read_text(encoding="utf-8")
    press(card, "Forget it")
    wait_for(lambda: "no access key" in card._state.text())
    assert house.access.kept == "" and not card._trial.isVisible()


def test_a_wrong_key_is_told(view: SettingsView, house: House) -> None:
    card = account(view)
    card._edit.setText("two words")
    press(card, "Keep it")
    wait_for(lambda: card._trouble.isVisible())
    assert house.access.kept == "" and card._edit.text() == "two words"
    house.access.account = ModelyardError(Code.HUB_KEY_INVALID, host="huggingface.co")
    card._edit.setText(KEY)
    press(card, "Keep it")
    wait_for(lambda: bool(card._trial.words) and "Trying" not in card._trial.words)
    assert "lin" not in card._trial.words


@pytest.mark.parametrize(
    ("code", "fields", "session_only"),
    [
        (Code.KEYRING_LOCKED, {}, False),
        (Code.KEYRING_MISSING, {"detail": "no service"}, True),
        (Code.KEYRING_UNSAFE, {"backend": "keyrings.alt.file.PlaintextKeyring"}, True),
    ],
)
def test_keyrings_told_apart(
    view: SettingsView, house: House, desk: Desktop, code: Code, fields: dict[str, str], session_only: bool
) -> None:
    house.access.trouble = ModelyardError(code, **fields)
    card = account(view)
    wait_for(lambda: card._trouble.isVisible())
    assert desk.window.context.words.error(house.access.trouble).title in card._trouble.text()
    assert card._session_only.isChecked() is session_only
    assert card._session_only.isEnabled() is not session_only
    if session_only:
        card._edit.setText(KEY)
        press(card, "Keep it")
        wait_for(lambda: "until Modelyard closes" in card._state.text())
        assert house.access.place is KeyPlace.SESSION


# --- downloads, about ------------------------------------------------------------------------------------------------


def test_the_download_source_is_tried(view: SettingsView, house: House) -> None:
    card = turn_to(view, "Downloads").findChild(SourceCard)
    press(card, "Test the download source")
    wait_for(lambda: "12.0 MB a second" in card.words)
    house.access.report = SourceReport("mirror.example", 1.0, None)
    press(card, "Test the download source")
    wait_for(lambda: "mirror.example answers after 1.0 s." in card.words)
    house.access.report = ModelyardError(Code.HUB_UNREACHABLE, host="mirror.example", detail="timed out")
    press(card, "Test the download source")
    wait_for(lambda: "\n" in card.words and "mirror.example" in card.words)


def test_licences_of_what_is_installed(desk: Desktop, qtbot: Any) -> None:
    assert {"PySide6_Essentials", "httpx", "numpy"} <= {each.name for each in shipped_licences()}
    dialog = LicencesDialog(desk.window)
    dialog.show()
    wait_for(lambda: dialog._names.count() > 10)
    assert dialog._text.toPlainText()
    dialog.accept()
    dialog.deleteLater()


def test_the_welcome_page_finds_the_quickest_source(desk: Desktop, house: House) -> None:
    desk.window.go("welcome")
    page = desk.window.page("welcome")
    press(page, "Find the quickest")
    wait_for(lambda: house.settings.text("download_source") == "hf-mirror")
    pump(0.05)
    choice = page.findChild(SourceChoice)
    assert choice._box.currentData() == "hf-mirror" and "hf-mirror.com" in choice._trial.words


def test_the_welcome_page_takes_an_address_of_ones_own_and_tests_it(desk: Desktop, house: House) -> None:
    desk.window.go("welcome")
    page = desk.window.page("welcome")
    choice = page.findChild(SourceChoice)
    assert choice._address.isHidden() and choice._test.isHidden()
    choice._box.setCurrentIndex(choice._box.findData("custom"))
    choice._box.activated.emit(choice._box.currentIndex())
    assert choice._address.isVisible() and choice._trial.isHidden()
    choice._address.setText("https://hub.example.org")
    QTest.keyClick(choice._address, Qt.Key.Key_Return)
    assert house.settings.text("download_source") == "custom"
    assert house.settings.text("download_address") == "https://hub.example.org"
    press(choice, "Test the download source")
    wait_for(lambda: "12.0 MB a second" in choice._test.words)


def test_fields_stand_below_their_words_where_there_is_no_room(view: SettingsView) -> None:
    turn_to(view, "Engines")
    rows = {row.setting.key: row for row in view.findChildren(SettingRow)}
    label, field = rows["threads"].findChild(QLabel), rows["threads"].findChild(QSpinBox)

    def places() -> tuple[QPoint, QPoint]:
        return label.mapTo(rows["threads"], QPoint()), field.mapTo(rows["threads"], QPoint())

    view.window().resize(1180, 780)
    wait_for(lambda: places()[1].x() > places()[0].x())
    view.window().resize(view.window().minimumSize())
    wait_for(lambda: places()[1].x() == places()[0].x() and places()[1].y() > places()[0].y())
