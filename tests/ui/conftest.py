"""A real window, drawn on no screen, with twins behind it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from modelyard.ui.app import Desktop, make_application

from .chat_pages import Chat
from .scenes import pump
from .twins import House


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The application as the program sets it up."""
    running = QApplication.instance()
    return running if isinstance(running, QApplication) else make_application(["modelyard"])


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "数据")
    made.settings.set("welcomed", True)
    made.settings.set("language", "en")
    yield made
    made.close()


@pytest.fixture
def desk(qapp: QApplication, house: House) -> Iterator[Desktop]:
    made = Desktop(qapp, house.services)
    made.window.show()
    yield made
    made.close()
    made.window.leave()
    made.deleteLater()
    pump(0.05)


@pytest.fixture
def chat(desk: Desktop, house: House) -> Chat:
    """The page of the chat, with a model chosen."""
    return Chat(desk, house)
