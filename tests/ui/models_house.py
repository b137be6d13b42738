"""A window over real engines: the built-in one with folders on disk, and the strict test server of Ollama."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication

from modelyard.bootstrap import House, build_house, make_services
from modelyard.engines.base import InstallRequest, Ownership
from modelyard.events import CancelToken
from modelyard.modelfile.persona import Persona
from modelyard.ui.app import Desktop
from modelyard.ui.routes import Place
from tests.builders.gguf_files import tiny_llama
from tests.builders.ollama_gguf import CHATML
from tests.builders.ollama_server import OllamaServer

from .scenes import pump, wait_for

MARIO = Persona(system="You are Mario.", parameters={"temperature": 0.7})


def put_in(house: House, engine: str, name: str, shown: str = "") -> None:
    gguf = house.folders.root / "tiny.gguf"
    if not gguf.exists():
        tiny_llama(chat_template=CHATML).write(gguf)
    request = InstallRequest(name, gguf, Ownership.THEIRS, MARIO, shown)
    house.engines[engine].install(request, lambda _event: None, CancelToken())


@contextmanager
def real_house(tmp_path: Path, server: OllamaServer) -> Iterator[House]:
    house = build_house(tmp_path / "数据")
    for key, value in {"welcomed": True, "language": "en", "ollama_address": server.url}.items():
        house.settings.set(key, value)
    yield house
    house.close()


@contextmanager
def models_view(app: QApplication, house: House) -> Iterator[tuple[Desktop, Any]]:
    """The desktop and its list page, once every engine was asked."""
    desk = Desktop(app, make_services(house))
    desk.window.resize(1180, 780)
    desk.window.show()
    try:
        desk.window.go(Place.MODELS)
        page: Any = desk.window.page("models")
        wait_for(lambda: len(page.list_page._views) == 2)
        yield desk, page
    finally:
        desk.close()
        desk.window.leave()
        desk.deleteLater()
        pump(0.05)
