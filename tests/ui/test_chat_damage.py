"""The file of the conversations in a bad state: clear words, the window lives, nothing that was typed is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel

from modelyard.chat.store import ChatStore
from modelyard.chat.values import NewAttachment, Role
from modelyard.ui.app import Desktop

from .chat_pages import Chat
from .scenes import press, pump, wait_for
from .twins import ANSWER, House


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelyard.chat.database.BUSY_SECONDS", 0.2)


@pytest.fixture
def file(house: House) -> Path:
    """A file with one conversation, closed."""
    path = house.folders.chats_file
    with ChatStore(path) as store:
        head = store.conversations.create(title="Old talk")
        for number in range(40):
            store.messages.add(head.id, Role.USER, f"old words {number} " + "more " * 200)
    return path


def said(chat: Chat) -> str:
    """The words of the error that stands in the conversation."""
    panel = chat.page._board._panel
    return " ".join(each.text() for each in panel.findChildren(QLabel)) if panel is not None else ""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """By another program."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_a_file_of_a_newer_program(file: Path, desk: Desktop, house: House) -> None:
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("PRAGMA user_version = 99")
        raw.commit()
    before = file.read_bytes()
    chat = Chat(desk, house)
    wait_for(lambda: "newer Modelyard" in said(chat))
    chat.composer.write("My words")
    chat.composer.field.send.emit()
    wait_for(lambda: not chat.session.busy and chat.composer.field.toPlainText() == "My words")
    assert "newer Modelyard" in said(chat)
    assert file.read_bytes() == before


def test_a_locked_file_and_once_more(file: Path, desk: Desktop, house: House) -> None:
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")  # so that the lock keeps readers out, too
    with locked(file):
        chat = Chat(desk, house)
        wait_for(lambda: "in use elsewhere" in said(chat))
        pump(0.6)  # every call of the start has been refused
    press(chat.page, "Try again")
    wait_for(lambda: chat.list.count == 1)
    assert said(chat) == ""


@pytest.mark.parametrize("harm", ["cut", "noise", "nothing left"])
def test_a_damaged_file(file: Path, desk: Desktop, house: House, harm: str) -> None:
    data = bytearray(file.read_bytes())
    if harm == "cut":
        data = data[: len(data) * 2 // 3]
    elif harm == "noise":
        data[12_288:16_384] = bytes(range(256)) * 16
    else:
        data = bytearray(b"\xa5" * len(data))
    file.write_bytes(data)
    chat = Chat(desk, house)
    wait_for(lambda: "damaged" in chat.page._notice.text)
    kept = list(file.parent.glob("*damaged*"))
    assert kept and kept[0].name in chat.page._notice.text and kept[0].read_bytes() == data
    if harm != "nothing left":
        wait_for(lambda: chat.list.count >= 1)
    chat.ask("It goes on")
    assert chat.answers[-1].view.text == ANSWER


def test_a_full_disk(desk: Desktop, house: House) -> None:
    """What was typed and attached stays where it was typed."""
    chat = Chat(desk, house)
    chat.ask("First")
    chat.session.attach([NewAttachment("a.txt", "text/plain", b"x", "x")])
    wait_for(lambda: len(chat.composer.attachments) == 1)
    chat.session._lane.waitForDone(5000)
    database = house.chats()._database
    pages = database.row("PRAGMA page_count")
    assert pages is not None
    database.row(f"PRAGMA max_page_count = {pages[0]}")
    long = "word " * 20_000
    chat.composer.write(long)
    chat.composer.field.send.emit()
    wait_for(lambda: "disk" in said(chat).lower() and not chat.session.busy)
    pump(0.2)
    assert chat.composer.field.toPlainText() == long.strip()
    assert len(chat.composer.attachments) == 1
    database.row("PRAGMA max_page_count = 1000000")
    chat.composer.field.send.emit()
    wait_for(lambda: len(chat.answers) == 2)
    chat.settle()
    assert chat.questions[-1].message.content == long.strip()
    assert len(chat.questions[-1].message.attachments) == 1 and said(chat) == ""


def test_a_folder_in_place_of_the_file(desk: Desktop, house: House) -> None:
    house.folders.chats_file.mkdir()
    chat = Chat(desk, house)
    wait_for(lambda: said(chat) != "")
    assert str(house.folders.chats_file.parent) in said(chat)
