"""The publish page: the key first, what goes where, progress, cancel, resume, errors with their buttons, the link."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from modelyard.engines.base import ModelDetails
from modelyard.errors import Code, ModelyardError
from modelyard.events import Step, done, failed, progress, step_finished, step_started
from modelyard.importing.publishing import PublishRequest
from modelyard.importing.wire import from_json
from modelyard.modelfile.persona import Persona
from modelyard.ui.app import Desktop
from modelyard.ui.routes import Place
from modelyard.ui.widgets.error_panel import ErrorPanel
from tests.builders.gguf_files import tiny_llama

from .scenes import press, pump, wait_for
from .twins import MODEL, House

URL = "https://huggingface.co/lin/smollm2-135m-instruct-GGUF"


@pytest.fixture
def records(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """The jobs that workers were started for. The model's file is real; the worker does what `house.script` says."""
    gguf = tiny_llama().write(tmp_path / "tiny.gguf")
    details = ModelDetails(MODEL, Persona(), files=(gguf,))
    monkeypatch.setattr(house.engine, "show", lambda _name: details)
    house.script = script()
    return house.records


def script(pause: float = 0.0, ending: Mapping[str, Any] | None = None) -> list[Mapping[str, Any] | float]:
    result = {"url": URL, "files": ["a.gguf"], "size_bytes": 10}
    events = [step_started(Step.LOOKING), step_finished(Step.LOOKING), step_started(Step.PUBLISHING)]
    begun: list[Mapping[str, Any] | float] = [event.to_json() for event in events]
    begun.append(progress(Step.PUBLISHING, 5, 10).to_json())
    return [*begun, *([pause] if pause else []), ending or done(result).to_json()]


def publish_page(desk: Desktop) -> Any:
    desk.window.go(Place.MODELS)
    view: Any = desk.window.page("models")
    wait_for(lambda: view.list_page.list.current is not None)
    view.show_publish(MODEL)
    page = view.publish_page
    wait_for(lambda: page._preview is not None)
    pump(0.05)
    return page


def words(page: Any) -> str:
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def test_published(desk: Desktop, house: House, records: list[Mapping[str, Any]], qtbot: QtBot) -> None:
    page = publish_page(desk)
    assert "smollm2-135m-instruct-F32.gguf" in words(page) and "belongs to lin" in words(page)
    page._form._owner.setCurrentText("studio")
    page._form._name.setText("my-model")
    page._form._private.setChecked(False)
    press(page, "Publish")
    wait_for(lambda: "ollama run hf.co/lin/" in words(page))
    (record,) = records
    assert record["job"] == "publish"
    understood = from_json(PublishRequest, record["request"])  # as the worker reads it
    assert understood == PublishRequest("builtin", MODEL.name, "studio/my-model", private=False)
    press(page, "Copy the link")
    assert QApplication.clipboard().text() == URL


def test_a_name_the_hub_does_not_take(desk: Desktop, records: list[Mapping[str, Any]]) -> None:
    page = publish_page(desk)
    for name in ("a b", "", "x--y", "名字"):
        page._form._name.setText(name)
        assert not page._go.isEnabled()
        assert "Use letters" in words(page)
    page._form._name.setText("fine.name")
    assert page._go.isEnabled()


@pytest.mark.parametrize(("code", "button"), [(Code.HUB_NO_KEY, "Enter access key"), (Code.HUB_KEY_READ_ONLY, None)])
def test_a_key_that_will_not_do_is_said_before(
    desk: Desktop, house: House, records: list[Mapping[str, Any]], code: Code, button: str | None
) -> None:
    good = house.account
    house.account = ModelyardError(code, host="huggingface.co", account="lin", url="https://huggingface.co/settings")
    page = publish_page(desk)
    assert [each for each in page.findChildren(ErrorPanel) if each.isVisible()]
    assert not page._go.isVisible()
    if button is not None:
        press(page, button)
        assert desk.window.current == Place.SETTINGS
    house.account = good
    desk.window.go(Place.CHAT)
    desk.window.go(Place.MODELS)  # back with a better key: it is looked at again
    wait_for(lambda: page._form is not None)
    assert records == []


def test_cancel_and_go_on(desk: Desktop, house: House, records: list[Mapping[str, Any]]) -> None:
    house.script = script(pause=30.0)
    page = publish_page(desk)
    press(page, "Publish")
    wait_for(lambda: "5 B of 10 B" in words(page))
    desk.window.go(Place.CHAT)
    desk.window.go(Place.MODELS)
    pump(0.1)
    assert page.sending and "5 B of 10 B" in words(page)  # leaving the page does not stop it
    press(page, "Cancel")
    wait_for(lambda: house.workers[0].stop.is_set())
    assert not page.sending
    house.script = script()
    pump(0.05)
    press(page, "Go on")
    wait_for(lambda: "Published" in words(page))
    assert records[0] == records[1]


def test_a_failure_keeps_what_is_there(desk: Desktop, house: House, records: list[Mapping[str, Any]]) -> None:
    error = ModelyardError(Code.HUB_SERVER_ERROR, host="huggingface.co", status=503)
    house.script = script(ending=failed(error).to_json())
    page = publish_page(desk)
    press(page, "Publish")
    wait_for(lambda: any(each.isVisible() for each in page.findChildren(ErrorPanel)))
    house.script = script()
    press(page, "Try again")
    wait_for(lambda: "Published" in words(page))


def test_a_dead_worker_is_an_error(desk: Desktop, house: House, records: list[Mapping[str, Any]]) -> None:
    house.script = script()[:3]
    page = publish_page(desk)
    press(page, "Publish")
    wait_for(lambda: any(each.isVisible() for each in page.findChildren(ErrorPanel)))
    assert not page.sending
