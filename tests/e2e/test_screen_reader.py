"""The whole import and a first answer through a screen reader's eyes and hands: names and actions over AT-SPI alone."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from .program import calm, sample_gguf
from .screen import Screen, screen, wait_until
from .test_window import answers, fresh, jobs, messages

pytestmark = [pytest.mark.screen, pytest.mark.timeout(240)]
_HERE = Path(__file__).parent
_PYTHON = "/usr/bin/python3"  # the system's: python3-gi is a package of the system
_USABLE = "import gi; gi.require_version('Atspi', '2.0'); from gi.repository import Atspi"
_NEEDS_NAME = (
    "push button",
    "toggle button",
    "check box",
    "radio button",
    "combo box",
    "entry",
    "text",
    "list",
    "slider",
)


class Reader:
    """A screen reader that looks at Modelyard."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def _ask(self, **request: str) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def seen(self) -> list[dict[str, Any]]:
        return list(self._ask(do="seen"))

    def hears(self, words: str) -> bool:
        return bool(self._ask(do="hears", words=words))

    def wait(self, words: str, seconds: float = 60.0) -> None:
        try:
            wait_until(lambda: self.hears(words), f"a screen reader to hear {words!r}", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; heard: {[each['name'] or each['text'] for each in self.seen()]}") from None

    def press(self, name: str) -> None:
        wait_until(lambda: self._ask(do="press", name=name), f"the button {name!r}")

    def write(self, name: str, text: str) -> None:
        wait_until(lambda: self._ask(do="write", name=name, text=text), f"the field {name!r}")

    def nameless(self) -> list[dict[str, Any]]:
        return [each for each in self.seen() if each["focusable"] and each["role"] in _NEEDS_NAME and not each["name"]]


@contextmanager
def reading(on: Screen) -> Iterator[tuple[Screen, Reader]]:
    """The screen with a bus of its own, and a reader on it; a second one reads on and on, also in the moments in which
    pages come and go. Skips the test where AT-SPI is not installed."""
    for tool in ("dbus-daemon", _PYTHON):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    if subprocess.run([_PYTHON, "-c", _USABLE], capture_output=True, timeout=30, check=False).returncode:
        pytest.skip("python3-gi with gir1.2-atspi-2.0 is not installed")
    command = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    bus = subprocess.Popen(command, env=on.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert bus.stdout is not None
    environment = on.environment | {
        "DBUS_SESSION_BUS_ADDRESS": bus.stdout.readline().strip(),
        "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
        "PYTHONUTF8": "1",
    }
    reader = subprocess.Popen(
        [_PYTHON, str(_HERE / "screen_reader.py"), "Modelyard"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    restless = subprocess.Popen(
        [_PYTHON, str(_HERE / "screen_reader.py"), "Modelyard", "--restless"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield replace(on, environment=environment), Reader(reader)
        assert restless.poll() is None
    finally:
        for process in (restless, reader, bus):
            process.terminate()
            process.communicate(timeout=10)


def test_a_whole_import_by_names_and_actions(tmp_path: Path) -> None:
    model = tmp_path / "模型 1.gguf"
    model.write_bytes(sample_gguf().read_bytes())
    data = tmp_path / "data"
    fresh(data)
    with (
        screen(tmp_path) as plain,
        reading(plain) as (on, reader),
        on.program("-m", "modelyard", "--data-dir", str(data)) as program,
    ):
        on.window("Modelyard")
        reader.press("Import a model")
        for card in ("A ready-to-run file", "A model folder", "A Hugging Face name or link"):
            reader.wait(card)
        assert reader.nameless() == []
        reader.write("Hugging Face name, link or path", str(model))
        reader.press("Check")
        reader.wait("Works")  # the check card
        seen = " ".join(each["name"] + each["text"] for each in reader.seen())
        for heard in ("模型 1.gguf", "Size & quality", "As it is", "Fits", "Where it goes"):
            assert heard in seen
        assert reader.nameless() == []
        reader.press("Next")
        reader.wait("Who should it be?")
        assert reader.nameless() == []
        reader.press("Import")
        wait_until(lambda: [each["state"] for each in jobs(data)] == ["done"], "the import's end", 120)
        reader.wait("is home")  # after the steps, each with a bar of its name
        assert reader.hears("Tested: answers and stops correctly.")
        assert reader.nameless() == []
        calm(data)
        reader.press("Chat now")
        reader.write("Message", "What is the capital of France?")
        reader.press("Send")
        wait_until(lambda: answers(data) == 1, "the answer")
        said = messages(data)[-1][2]
        reader.wait(said.split("\n")[0][:20])
        assert reader.nameless() == []
        on.press("ctrl+q")
        wait_until(lambda: program.poll() is not None, "the program's end", 20)
