"""Every state a person can see, by name: tests measure them, and packaging/pictures draws them for our eyes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from modelyard.engines.base import EngineState
from modelyard.errors import Code, ModelyardError
from modelyard.importing.inspection import Inspection, Refusal
from modelyard.importing.jobs import Job, JobState
from modelyard.importing.plan import ImportChoice
from modelyard.modelfile.persona import Persona
from modelyard.ui.app import Desktop
from modelyard.ui.personas.draft import Draft
from modelyard.ui.routes import Place
from modelyard.ui.widgets.fold import Fold

from .twins import House, import_script, inspection_of, plan_of

Scene = Callable[[Desktop, House], None]
FILE = "/home/lin/模型/SmolLM2-135M-Instruct.Q4_K_M.gguf"


def pump(seconds: float = 0.0, until: Callable[[], bool] = lambda: False) -> None:
    """Lets the window work, at most so long."""
    end = time.monotonic() + seconds
    while True:
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        if until() or time.monotonic() >= end:
            return
        time.sleep(0.005)


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    pump(seconds, condition)
    assert condition(), "the window did not get there"


def press(root: QWidget, text: str) -> None:
    """Presses the visible button with that word (or accessible name) as soon as it is there."""
    found: list[QPushButton] = []

    def look() -> bool:
        named = (each for each in root.findChildren(QPushButton) if text in (each.text(), each.accessibleName()))
        found[:] = [each for each in named if each.isVisible()]
        return bool(found)

    if not look():
        pump(10.0, look)
    assert found, f"no button {text!r}"
    found[0].click()


def to_check(desk: Desktop) -> Any:
    """The wizard, at the card of what is known of the model."""
    desk.window.import_text(FILE)
    wizard: Any = desk.window.page("wizard")
    wait_for(lambda: wizard._check.valid)
    return wizard


def start_import(desk: Desktop) -> Any:
    """The wizard, with the import at work that it suggests."""
    wizard = to_check(desk)
    wizard._go_next()
    wizard._go_next()
    return wizard


def welcome(desk: Desktop, house: House) -> None:
    desk.window.go("welcome")
    pump(0.2)


def chat_nothing(desk: Desktop, house: House) -> None:
    house.engine.list.clear()
    desk.window.go(Place.CHAT)
    pump(0.3)


def chat_empty(desk: Desktop, house: House) -> None:
    desk.window.go(Place.CHAT)
    pump(0.3)


def chat_answer(desk: Desktop, house: House) -> None:
    chat_empty(desk, house)
    page = desk.window.page("chat")
    session = page._session  # type: ignore[attr-defined]
    for question in (
        "你好，彩虹是怎么形成的？",
        "How does a rainbow form? Please explain it to my daughter, who is six.",
    ):
        session.ask(question)
        wait_for(lambda: not session.busy)
    pump(0.3)


def chat_growing(desk: Desktop, house: House) -> None:
    house.engine.pause = 0.02
    chat_empty(desk, house)
    session = desk.window.page("chat")._session  # type: ignore[attr-defined]
    session.ask("How does a rainbow form?")
    pump(1.3)


def chat_error(desk: Desktop, house: House) -> None:
    house.engine.error = ModelyardError(Code.ENGINE_CRASHED, name="SmolLM2", detail="signal 11")
    chat_empty(desk, house)
    session = desk.window.page("chat")._session  # type: ignore[attr-defined]
    session.ask("How does a rainbow form?")
    wait_for(lambda: not session.busy)
    pump(0.2)


def models(desk: Desktop, house: House) -> None:
    house.engine.list.append(
        replace(house.engine.list[0], name="qwen3-8b-a-very-long-technical-name:q5_k_m", display_name="通义千问 3 8B")
    )
    house.ollama.list.append(replace(house.engine.list[0], engine="ollama", name="llama3.2:3b", display_name=""))
    desk.window.go(Place.MODELS)
    pump(0.3)


def personas(desk: Desktop, house: House) -> None:
    desk.window.go(Place.PERSONAS)
    pump(0.1)


def persona_editor(desk: Desktop, house: House) -> None:
    """Everything unfolded, with a mistake and a warning."""
    desk.window.go(Place.PERSONAS)
    page = desk.window.page("personas")
    wait_for(lambda: page._gallery.filled)  # type: ignore[attr-defined]
    text = 'FROM smollm2-135m-instruct\nSYSTEM """You are 马里奥.\nWahoo!"""\nPARAMETER num_ctx 900000\n'
    text += "MESSAGE user Who are you?\nMESSAGE assistant It is me!\nPARAMETER temprature 1\nTEMPLATE {{ .Prompt }}\n"
    page.edit(Draft(Persona(name="Mario"), text))  # type: ignore[attr-defined]
    for each in page.editor.form.findChildren(Fold):  # type: ignore[attr-defined]
        each.toggle()
    pump(0.4)


def settings(desk: Desktop, house: House) -> None:
    desk.window.go(Place.SETTINGS)
    pump(0.1)


def _settings_section(desk: Desktop, number: int) -> None:
    desk.window.go(Place.SETTINGS)
    desk.window.page("settings")._list.setCurrentRow(number)  # type: ignore[attr-defined]
    pump(0.2)


def settings_engines(desk: Desktop, house: House) -> None:
    house.ollama.state = EngineState.STOPPED
    house.settings.set("ollama_more_addresses", "192.168.1.20:11434")
    _settings_section(desk, 1)


def settings_account(desk: Desktop, house: House) -> None:
    house.access.trouble = ModelyardError(Code.KEYRING_MISSING, detail="no keyring service answers")
    _settings_section(desk, 2)


def settings_downloads(desk: Desktop, house: House) -> None:
    house.settings.set("download_source", "custom")
    house.settings.set("proxy", "address")
    _settings_section(desk, 3)
    press(desk.window.page("settings"), desk.window.context.words.label("setting_groups", "test_source"))
    pump(0.2)


def settings_storage(desk: Desktop, house: House) -> None:
    _settings_section(desk, 4)


def settings_about(desk: Desktop, house: House) -> None:
    _settings_section(desk, 5)


def selfcheck(desk: Desktop, house: House) -> None:
    desk.window.go("selfcheck")
    pump(0.3)


def imports_empty(desk: Desktop, house: House) -> None:
    desk.window.go(Place.IMPORTS)
    pump(0.1)


def imports(desk: Desktop, house: House) -> None:
    seen = inspection_of(Path(FILE))
    plan = plan_of(seen, ImportChoice())
    assert not isinstance(plan, Refusal)
    job = Job(
        "1", "SmolLM2 135M Instruct", plan, created=1_790_000_000, step="adding", done=60_000_000, total=105_000_000
    )
    states = (
        replace(job, state=JobState.INTERRUPTED),
        replace(job, state=JobState.FAILED, error_code="disk_full", error_fields=_FULL),
        replace(job, state=JobState.DONE, result={"verdict": "good", "engine": "builtin", "name": "smol"}),
        replace(job, state=JobState.CANCELLED),
    )
    desk.window.go(Place.IMPORTS)
    for number, each in enumerate(states):
        shown = replace(each, id=str(number), created=job.created + number)
        desk.jobs._jobs[shown.id] = shown
        desk.jobs.added.emit(shown)
    pump(0.2)


_FULL = {"folder": "D:\\Modelyard", "need_bytes": 14_200_000_000, "free_bytes": 3_100_000_000}


def wizard_source(desk: Desktop, house: House) -> None:
    desk.window.import_text("")
    pump(0.1)


def wizard_check(desk: Desktop, house: House) -> None:
    house.ollama.state = EngineState.READY
    to_check(desk)
    pump(0.1)


def wizard_looking(desk: Desktop, house: House) -> None:
    house.start_worker = lambda record: _Slow()  # type: ignore[assignment, method-assign, return-value]
    desk.window.import_text(FILE)
    pump(0.2)


class _Slow:
    """A worker that looks for a while."""

    tail = ""

    def __init__(self) -> None:
        self._ended = False

    def send(self, record: object) -> bool:
        self._ended = True
        return True

    def messages(self) -> Iterator[dict[str, object]]:
        end = time.monotonic() + 2
        while not self._ended and time.monotonic() < end:
            time.sleep(0.01)
        yield from ()

    def end(self, grace: float = 2.0) -> None:
        self._ended = True


def wizard_refused(desk: Desktop, house: House) -> None:
    def refused(path: Path) -> Inspection:
        refusal = Refusal(Code.GGUF_NO_MODEL, {"name": path.name, "kind": "mmproj"})
        return replace(inspection_of(path), refusal=refusal, sizes=())

    house.inspection = refused
    desk.window.import_text(FILE)
    pump(0.5)


def wizard_error(desk: Desktop, house: House) -> None:
    house.inspection_error = ModelyardError(
        Code.GGUF_TRUNCATED, name="model.gguf", where="tensor data", need_bytes=10**9, have_bytes=10**6
    )
    desk.window.import_text(FILE)
    pump(0.5)


def wizard_role(desk: Desktop, house: House) -> None:
    wizard_check(desk, house)
    wizard = desk.window.page("wizard")
    wizard._go_next()  # type: ignore[attr-defined]
    pump(0.1)


def wizard_progress(desk: Desktop, house: House) -> None:
    house.script = import_script(0.15)
    wizard_role(desk, house)
    desk.window.page("wizard")._go_next()  # type: ignore[attr-defined]
    pump(1.6)


def wizard_failed(desk: Desktop, house: House) -> None:
    failure = {"event": "failed", "code": "disk_full", "fields": _FULL}
    house.script = [*import_script()[:6], failure]
    wizard_role(desk, house)
    desk.window.page("wizard")._go_next()  # type: ignore[attr-defined]
    wait_for(lambda: not desk.jobs.busy and bool(desk.jobs.all()))
    pump(0.2)


def wizard_done(desk: Desktop, house: House) -> None:
    wizard_role(desk, house)
    desk.window.page("wizard")._go_next()  # type: ignore[attr-defined]
    wait_for(lambda: not desk.jobs.busy and bool(desk.jobs.all()))
    pump(0.2)


def drop_overlay(desk: Desktop, house: House) -> None:
    chat_empty(desk, house)
    desk.window._overlay.cover()
    pump(0.1)


def toast_and_fault(desk: Desktop, house: House) -> None:
    models(desk, house)
    desk.show_fault(ModelyardError(Code.INTERNAL, detail="ValueError: x"))
    desk.window.context.routes.toast.emit("Removed.")
    pump(0.1)


SCENES: dict[str, Scene] = {
    each.__name__: each
    for each in (
        welcome,
        chat_nothing,
        chat_empty,
        chat_answer,
        chat_growing,
        chat_error,
        models,
        personas,
        persona_editor,
        settings,
        settings_engines,
        settings_account,
        settings_downloads,
        settings_storage,
        settings_about,
        selfcheck,
        imports_empty,
        imports,
        wizard_source,
        wizard_looking,
        wizard_check,
        wizard_refused,
        wizard_error,
        wizard_role,
        wizard_progress,
        wizard_failed,
        wizard_done,
        drop_overlay,
        toast_and_fault,
    )
}


@contextmanager
def showing(
    app: QApplication, root: Path, name: str, language: str = "en", look: str = "light", scale: float = 1.0
) -> Iterator[Desktop]:
    """A window of twins in that state; closed afterwards."""
    house = House(root)
    house.settings.set("language", language)
    house.settings.set("look", look)
    house.settings.set("text_scale", scale)
    house.settings.set("welcomed", True)
    desk = Desktop(app, house.services)
    desk.window.resize(1180, 780)
    desk.window.show()
    try:
        SCENES[name](desk, house)
        yield desk
    finally:
        house.engine.error = None
        desk.close()
        desk.window.leave()
        desk.deleteLater()
        pump(0.05)
        house.close()
