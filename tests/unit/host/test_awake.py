"""Keeping awake: a real child that ends with what holds it; never a fault."""

from __future__ import annotations

import stat
import sys
import time
from pathlib import Path

import pytest

from modelyard.host.awake import Awake, sleep_blocker
from modelyard.host.notices import notify_desktop


def test_nothing_to_ask_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    awake = Awake()
    awake.hold()
    awake.release()
    awake.release()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="systemd-inhibit")
def test_the_inhibitor_lives_as_long_as_it_is_held(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A stand-in for the system's program, which needs a running systemd."""
    note = tmp_path / "pid"
    program = tmp_path / "systemd-inhibit"
    program.write_text(f"#!/bin/sh\necho $$ > {note}\nexec cat\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert sleep_blocker("linux")[-1] == "cat"
    awake = Awake()
    awake.hold()
    awake.hold()
    deadline = time.monotonic() + 60
    while not (note.exists() and note.read_text(encoding="utf-8").strip()) and time.monotonic() < deadline:
        time.sleep(0.01)
    process = Path("/proc") / note.read_text(encoding="utf-8").strip()
    assert process.exists()
    awake.release()
    while process.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not process.exists()


def test_macos_watches_us() -> None:
    assert sleep_blocker("darwin")[:3] == ["caffeinate", "-i", "-w"]


def test_no_notifications_here_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
    assert notify_desktop("模型", "ready", "Modelyard", "id") is False
