"""Everyday manners: one window, a word at the end of a job, no sleep meanwhile, updates after consent, crashes told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QFileOpenEvent, QGuiApplication
from PySide6.QtNetwork import QLocalSocket
from PySide6.QtWidgets import QApplication, QPlainTextEdit

from modelyard.errors import Code, ModelyardError
from modelyard.importing.jobs import JobState
from modelyard.ui.app import Desktop, Opening
from modelyard.ui.manners import taskbar
from modelyard.ui.manners.job_manners import JobManners
from modelyard.ui.manners.opened_files import Application
from modelyard.ui.manners.single_instance import SingleInstance, hand_over, meeting_place
from modelyard.ui.manners.update_check import UpdateCheck
from modelyard.ui.shell.banner import Banner
from modelyard.ui.shell.crash_dialog import CrashDialog

from .scenes import FILE, press, pump, start_import, wait_for
from .twins import House, import_script

SECOND_START = """
import sys
from modelyard.ui.manners.single_instance import hand_over
print(hand_over(sys.argv[1], sys.argv[2]))
"""


def second_start(name: str, text: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SECOND_START, name, text]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUTF8": "1"})


def test_a_second_start_hands_its_file_over(desk: Desktop, tmp_path: Path) -> None:
    name = meeting_place(tmp_path)
    assert not hand_over(name, "nobody is there")
    instance = SingleInstance(name)
    asked: list[str] = []
    instance.asked.connect(asked.append)
    instance.asked.connect(desk.come_forward)
    for text in (FILE, ""):
        second = second_start(name, text)
        wait_for(lambda second=second: second.poll() is not None)  # type: ignore[misc]
        assert second.communicate()[0].strip() == "True"
    assert asked == [FILE, ""]
    assert desk.window.current == "wizard"
    instance.close()


def test_strangers_at_the_meeting_place(qapp: QApplication, tmp_path: Path) -> None:
    name = meeting_place(tmp_path)
    instance = SingleInstance(name)
    asked: list[str] = []
    instance.asked.connect(asked.append)
    for words in (b"not json\n", b"[1]\n", b'{"open": 5}\n', b"x" * 200_000, b""):
        socket = QLocalSocket()
        socket.connectToServer(name)
        assert socket.waitForConnected(30_000)
        socket.write(QByteArray(words))
        pump(0.1)
        socket.abort()
    assert asked == []
    instance.close()
    again = SingleInstance(name)
    assert again._server.isListening()
    again.close()


def test_the_end_of_a_job_is_told(desk: Desktop, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(QApplication, "activeWindow", lambda: None)
    manners = JobManners(
        house.services,
        desk.jobs,
        lambda: desk.window,
        desk,
        lambda title, text: bool(told.append((title, text))) or True,
    )
    held: list[str] = []
    monkeypatch.setattr(manners._awake, "hold", lambda: held.append("hold"))
    monkeypatch.setattr(manners._awake, "release", lambda: held.append("release"))
    house.script = import_script(pause=0.01)
    start_import(desk)
    wait_for(lambda: bool(told))
    assert told == [("SmolLM2 135M Instruct is ready", "You can talk to it now.")]
    assert held[0] == "hold" and held[-1] == "release"
    house.settings.set("notify", False)
    desk.window.go("imports")
    start_import(desk)
    wait_for(lambda: len([job for job in desk.jobs.all() if job.state is JobState.DONE]) == 2)
    pump(0.2)
    assert len(told) == 1
    manners.close()


def test_updates_are_looked_for_only_after_consent_and_once_a_day(desk: Desktop, house: House) -> None:
    asked: list[float] = []

    def newer() -> str:
        asked.append(time.time())
        return "0.9.0"

    check = UpdateCheck(house.settings, newer, desk, wait_ms=60_000)
    check.found.connect(desk.window.say_newer)
    check.look_if_due()
    pump(0.1)
    assert asked == []
    house.settings.set("update_check", True)
    check.look_if_due()
    wait_for(lambda: bool(desk.window.findChildren(Banner)))
    assert desk.window.findChildren(Banner)[0].accessibleName() == "Modelyard 0.9.0 is available."
    check.look_if_due()
    pump(0.1)
    assert len(asked) == 1
    house.settings.set("update_checked", time.time() - 2 * 86_400)

    def offline() -> str:
        asked.append(0.0)
        raise ModelyardError(Code.HUB_UNREACHABLE, host="x", detail="")

    check._newer = offline
    check.look_if_due()
    wait_for(lambda: len(asked) == 2)
    pump(0.1)
    check.look_if_due()
    pump(0.1)
    assert len(asked) == 2, "no network is no reason to ask again and again"
    check.deleteLater()


def test_a_crash_of_the_last_run_is_told(desk: Desktop) -> None:
    desk.open(Opening("", "Fatal Python error: Segmentation fault\n  hf_abcdefghijklmnopqrstuvwxyz0123"))
    (banner,) = desk.window.findChildren(Banner)
    assert "ended unexpectedly" in banner.accessibleName()
    pump(0.05)
    press(banner, "Show the report")
    dialog = desk.window.findChild(CrashDialog)
    assert dialog is not None and dialog.isVisible()
    shown = dialog.findChild(QPlainTextEdit).toPlainText()
    assert "Segmentation fault" in shown and "hf_abc" not in shown
    press(dialog, "Copy for help")
    copied = QApplication.clipboard().text()
    assert "Segmentation fault" in copied and "Qt 6" in copied and copied == shown
    press(dialog, "Close")


def test_the_program_tells_its_crash_at_the_next_start(tmp_path: Path) -> None:
    """A real crash in native code, found by the real next start."""
    crash = (
        "import sys, faulthandler\nfrom pathlib import Path\nfrom modelyard.host.crash_log import watch_crashes\n"
        "print(len(watch_crashes(Path(sys.argv[1]))[0]), flush=True)\nfaulthandler._sigsegv()"
    )
    found = []
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", crash, str(tmp_path)], capture_output=True, text=True, check=False)
        found.append(int(json.loads(done.stdout)))
    assert found[0] == 0 and found[1] > 50


def test_a_file_the_system_asks_to_open(desk: Desktop, qapp: QApplication) -> None:
    """As macOS does it: by an event to the application."""
    assert isinstance(qapp, Application)
    qapp.asked.connect(desk.come_forward)
    QApplication.sendEvent(qapp, QFileOpenEvent(FILE))
    page: Any = desk.window.page("wizard")
    wait_for(lambda: page._check.valid)
    assert desk.window.current == "wizard"
    qapp.asked.disconnect(desk.come_forward)


def test_progress_on_the_dock_of_macos(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    badges: list[int] = []
    monkeypatch.setattr(QGuiApplication, "setBadgeNumber", lambda _app, number: badges.append(number))
    monkeypatch.setattr(taskbar.sys, "platform", "darwin")
    shown = taskbar.Taskbar()
    for share in (0.1, 0.101, 0.5, 1.7):
        shown.show(share, 0)
    shown.clear()
    shown.clear()
    assert badges == [10, 50, 100, 0]
