"""A real screen for the window: Xvfb and openbox of our own, real mouse and keys by xdotool."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_TOOLS = ("Xvfb", "openbox", "xdotool")
_HERE = Path(__file__).parent
_WIDTH, _HEIGHT = 1600, 1000


def wait_until(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain for: {what}"
        time.sleep(0.1)


@dataclass(frozen=True)
class Box:
    """A window and its place on the screen (the place is rough: xdotool counts frames twice)."""

    id: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Screen:
    environment: dict[str, str]

    def xdotool(self, *arguments: str) -> str:
        found = subprocess.run(
            ["xdotool", *arguments], env=self.environment, capture_output=True, text=True, timeout=30, check=True
        )
        return found.stdout

    def window(self, name: str) -> Box:
        """Waits for a visible window of that title."""
        found: list[str] = []

        def look() -> bool:
            seen = subprocess.run(
                ["xdotool", "search", "--onlyvisible", "--name", f"^{name}$"],
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=30,
            )
            found[:] = seen.stdout.split()
            return bool(found)

        wait_until(look, f"window {name}")
        values = dict(line.split("=") for line in self.xdotool("getwindowgeometry", "--shell", found[0]).split())
        return Box(found[0], int(values["X"]), int(values["Y"]), int(values["WIDTH"]), int(values["HEIGHT"]))

    def click(self, box: Box, x: int, y: int) -> None:
        """At a place inside a window; negative values count from its right and lower edge."""
        x, y = x if x >= 0 else box.width + x, y if y >= 0 else box.height + y
        self.xdotool("mousemove", "--window", box.id, str(x), str(y), "click", "1")

    def colour(self, box: Box, x: int, y: int) -> tuple[int, int, int]:
        """Red, green and blue at a place inside a window, counted as in click."""
        x, y = x if x >= 0 else box.width + x, y if y >= 0 else box.height + y
        seen = subprocess.run(
            [sys.executable, str(_HERE / "pixel.py"), box.id, str(x), str(y)],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return int(seen.stdout[1:3], 16), int(seen.stdout[3:5], 16), int(seen.stdout[5:7], 16)

    def press(self, *keys: str) -> None:
        self.xdotool("key", *keys)

    def write(self, text: str) -> None:
        self.xdotool("type", "--delay", "15", text)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Presses, moves in small steps as a hand does, and lets go."""
        self.xdotool("mousemove", str(start[0]), str(start[1]), "mousedown", "1")
        for step in range(1, 21):
            x = start[0] + (end[0] - start[0]) * step // 20
            y = start[1] + (end[1] - start[1]) * step // 20
            self.xdotool("mousemove", str(x), str(y))
            time.sleep(0.03)
        time.sleep(0.3)
        self.xdotool("mouseup", "1")

    @contextmanager
    def program(self, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """A program on this screen; ended hard if it still runs at the end."""
        process = subprocess.Popen(
            [sys.executable, *command],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate(timeout=10)


@contextmanager
def screen(home: Path) -> Iterator[Screen]:
    """Skips the test where the tools are not installed."""
    for tool in _TOOLS:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{_WIDTH}x{_HEIGHT}x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as answer:
        display = answer.readline().strip()
    environment = os.environ | {
        "DISPLAY": f":{display}",
        "QT_QPA_PLATFORM": "xcb",
        "LANG": "C.UTF-8",
        "HOME": str(home),
    }
    manager = subprocess.Popen(
        ["openbox"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield Screen(environment)
    finally:
        for process in (manager, server):
            process.terminate()
            process.wait(10)
