"""From the start of the process to the first paint of the window, as a person sees it: pixels of a real X display.

    python -m tests.bench.start [frozen/modelyard …]     source, and each frozen program named

Prints one JSON object; times in milliseconds, warm (the first start of each is not counted). "processor" is the median
of the processor's time until then: what it would take on a machine with nothing else to do. Needs Xvfb, which keeps its
screen in a file: looking there costs the program nothing.
"""

from __future__ import annotations

import json
import mmap
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

STARTS = 9
SECONDS = 30
_STEP = 4099  # one byte in so many is looked at
_PAINTED = 0.05  # share of them that differs from the empty screen


def main(frozen: list[str]) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="modelyard-bench-") as scratch:
        folder = Path(scratch)
        display, server = start_display(folder)
        try:
            screen = Screen(folder / "Xvfb_screen0")
            environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
            environment |= {"DISPLAY": display, "HOME": scratch, "QT_QPA_PLATFORM": "xcb"}
            commands = {"source": [sys.executable, "-m", "modelyard"]} | {path: [path] for path in frozen}
            return {
                name: measure([*command, "--data-dir", str(folder / f"data{number}")], environment, screen)
                for number, (name, command) in enumerate(commands.items())
            }
        finally:
            server.terminate()
            server.wait()


class Screen:
    """The display's pixels, in the file that Xvfb draws into."""

    def __init__(self, file: Path) -> None:
        with file.open("rb") as opened:
            self._pixels = mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ)
        self._empty = self._pixels[::_STEP]

    def painted(self) -> bool:
        now = self._pixels[::_STEP]
        return sum(a != b for a, b in zip(now, self._empty, strict=True)) > _PAINTED * len(now)


def start_display(folder: Path) -> tuple[str, subprocess.Popen[bytes]]:
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-br"]
    server = subprocess.Popen([*command, "-fbdir", str(folder)], pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as said:
        return f":{said.readline().strip()}", server


def measure(command: list[str], environment: dict[str, str], screen: Screen) -> dict[str, float]:
    seen = [first_paint(command, environment, screen) for _ in range(STARTS + 1)][1:]
    times, busy = zip(*seen, strict=True)
    middle, processor = (round(statistics.median(each)) for each in (times, busy))
    return {"median": middle, "best": round(min(times)), "worst": round(max(times)), "processor": processor}


def first_paint(command: list[str], environment: dict[str, str], screen: Screen) -> tuple[float, float]:
    """Milliseconds on the clock, and of processor time."""
    wait(lambda: not screen.painted(), "the screen does not become empty")
    start = time.perf_counter()
    program = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait(screen.painted, f"nothing was painted by {command[0]}")
        taken = time.perf_counter() - start
        busy = psutil.Process(program.pid).cpu_times()
        return taken * 1000, (busy.user + busy.system) * 1000
    finally:
        program.terminate()
        program.wait(SECONDS)


def wait(condition: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(otherwise)
        time.sleep(0.002)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
