"""A real notification over a real session bus, and the program really meeting itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = """
import importlib, json, threading
jeepney = importlib.import_module("jeepney")
blocking = importlib.import_module("jeepney.io.blocking")
from modelyard.host.notices import notify_desktop
ready, got = threading.Event(), []
def serve():
    with blocking.open_dbus_connection(bus="SESSION") as connection:
        name = "org.freedesktop.Notifications"
        connection.send_and_get_reply(jeepney.message_bus.RequestName(name))
        ready.set()
        while True:
            message = connection.receive(timeout=10)
            if message.header.message_type is jeepney.MessageType.method_call:
                got.append(message.body)
                connection.send(jeepney.new_method_return(message, "u", (7,)))
                return
server = threading.Thread(target=serve)
server.start()
ready.wait(5)
took = notify_desktop("模型 is ready", "You can talk to it now.", "Modelyard", "io.example")
server.join()
print(json.dumps([took, got[0]]))
"""


@pytest.mark.skipif(not shutil.which("dbus-run-session"), reason="no D-Bus here")
def test_a_desktop_takes_the_notification() -> None:
    command = ["dbus-run-session", "--", sys.executable, "-X", "utf8", "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('[true, ["Modelyard", 0, "io.example", "\\u6a21\\u578b is ready"')


def test_a_second_start_of_the_program_ends_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-X", "utf8", "-m", "modelyard", "--data-dir", str(tmp_path / "data")]
    options = {"env": os.environ | {"QT_QPA_PLATFORM": "offscreen"}, "stderr": subprocess.DEVNULL}
    first = subprocess.Popen(command, **options)  # type: ignore[call-overload]
    try:
        deadline = time.monotonic() + 30
        meeting = tmp_path / "data" / ".window"
        while not meeting.exists() and first.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        model = tmp_path / "模型.gguf"
        model.write_bytes(b"GGUF")
        second = subprocess.run([*command, str(model)], timeout=60, check=False, **options)  # type: ignore[call-overload]
        assert second.returncode == 0 and first.poll() is None
    finally:
        first.kill()
        first.wait()
