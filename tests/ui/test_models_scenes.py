"""Every state of Models and Publish: nothing clipped, everything named, in both languages, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QDialog

from modelyard.engines.base import EngineState, ModelDetails, RunningModel
from modelyard.errors import Code, ModelyardError
from modelyard.modelfile.persona import Persona
from modelyard.ui.app import Desktop
from modelyard.ui.widgets.fold import Fold
from tests.builders.gguf_files import tiny_llama

from .scenes import pump, showing, wait_for
from .test_scenes import clipped, nameless
from .twins import MODEL

Scene = Callable[[Any], None]


def many(view: Any) -> None:
    pump(0.1)


def down(view: Any) -> None:
    view.list_page._show_problem(ModelyardError(Code.OLLAMA_START_FAILED, detail="exit status 1"))


def pulling(view: Any) -> None:
    view.list_page.pull_card.open()


def free_space(view: Any) -> None:
    folders = view.list_page.context.services.folders
    for path in (folders.work / "x" / "a.part", folders.downloads / "Qwen" / "Qwen2.5" / "b.gguf", folders.cache / "c"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 500_000)
    view.show_free_space()
    wait_for(lambda: bool(view.free_space_page._boxes))


def tidy(view: Any) -> None:
    view.show_free_space()
    wait_for(lambda: view.free_space_page.states.currentWidget() is view.free_space_page._empty)


def publish(view: Any) -> None:
    view.show_publish(MODEL)
    wait_for(lambda: view.publish_page._form is not None)


def rename(view: Any) -> None:
    view.list_page.actions.rename(view.list_page.list.current)


def details(view: Any) -> None:
    view.list_page.actions.details(view.list_page.list.current)
    wait_for(lambda: bool(_dialogs(view)))
    for fold in _dialogs(view)[0].findChildren(Fold):
        fold.toggle()


def _dialogs(view: Any) -> list[QDialog]:
    return [each for each in view.window().findChildren(QDialog) if each.isVisible()]


SCENES: dict[str, Scene] = {
    each.__name__: each for each in (many, down, pulling, free_space, tidy, publish, rename, details)
}


def prepare(desk: Desktop, tmp_path: Path) -> Any:
    services: Any = desk.window.context.services
    engines = services.engines()
    gguf = tiny_llama().write(tmp_path / "tiny.gguf")
    persona = Persona(system="Be kind.", parameters={"temperature": 0.7, "stop": ("<|im_end|>",)})
    shown = ModelDetails(MODEL, persona, "{{ messages }}", "Apache-2.0", {"general.name": "x"}, (gguf,))
    engines["builtin"].show = lambda _name: shown
    engines["builtin"].loaded = [RunningModel(MODEL.name, 10**9)]
    engines["ollama"].state = EngineState.STOPPED
    able = ("completion", "vision", "tools", "thinking")
    engines["builtin"].list.append(replace(MODEL, name="gpt-oss:120b-cloud", remote=True, capabilities=able))
    desk.window.go("models")
    view: Any = desk.window.page("models")
    wait_for(lambda: len(view.list_page._views) == 2)
    pump(0.1)
    return view


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize(("language", "scale"), [("en", 1.5), ("zh_CN", 1.0)], ids=["en-150", "zh-100"])
def test_scene(qapp: QApplication, tmp_path: Path, name: str, language: str, scale: float) -> None:
    with showing(qapp, tmp_path / "data", "models", language, "dark" if scale == 1.0 else "light", scale) as desk:
        desk.window.resize(desk.window.minimumSize())
        view = prepare(desk, tmp_path)
        SCENES[name](view)
        pump(0.2)
        for root in (desk.window, *_dialogs(view)):
            assert clipped(root) == []
            assert nameless(root) == []
        for box in _dialogs(view):
            box.close()
