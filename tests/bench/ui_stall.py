"""How long the window's event loop is ever kept waiting: a heartbeat of 10 ms while a 1 GB GGUF is imported for real,
and while an answer streams at 200 tokens a second. Prints one JSON object; times in milliseconds.

    python -m tests.bench.ui_stall [GB]
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from modelyard import bootstrap
from modelyard.importing.jobs import JobState
from modelyard.importing.sample import sample_text
from modelyard.ui.app import Desktop, make_application
from modelyard.ui.routes import Place
from tests.ui.twins import ANSWER, House

_BEAT_MS = 10


class Heartbeat:
    """Gaps between beats, in milliseconds above the 10 that are meant."""

    def __init__(self) -> None:
        self._late: list[float] = []
        self._last = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def _beat(self) -> None:
        now = time.perf_counter()
        self._late.append((now - self._last) * 1000 - _BEAT_MS)
        self._last = now

    def during(self, condition: Callable[[], bool], seconds: float) -> dict[str, float]:
        """Lets the window run until `condition`, at most so long."""
        self._late.clear()
        self._last = time.perf_counter()
        self._timer.start(_BEAT_MS)
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.001)
        self._timer.stop()
        if not condition():
            raise SystemExit("did not end")
        late = sorted(self._late)
        return {
            "beats": len(late),
            "p99_ms": round(late[int(len(late) * 0.99)], 1),
            "max_ms": round(late[-1], 1),
            "over_50_ms": sum(each > 50 for each in late),
        }


def big_model(folder: Path, size: float) -> Path:
    """The sample model with a tail that makes it as large as wanted: every byte of it is copied and hashed."""
    path = folder / "big.gguf"
    block = os.urandom(1 << 20)
    with path.open("wb") as writer:
        writer.write(Path(sample_text()).read_bytes())
        while writer.tell() < size * 1e9:
            writer.write(block)
    return path


def importing(app: QApplication, folder: Path, size: float) -> dict[str, float]:
    house = bootstrap.build_house(folder / "data")
    house.settings.set("welcomed", True)
    desk = Desktop(app, bootstrap.make_services(house))
    desk.window.go("wizard")
    desk.window.show()
    settled = time.monotonic() + 1.5
    while time.monotonic() < settled:
        QApplication.processEvents()
    desk.window.import_text(str(big_model(folder, size)))
    page: Any = desk.window.page("wizard")
    beat = Heartbeat()
    looking = beat.during(lambda: page._check.valid, 60)
    page._go_next()
    page._go_next()
    jobs = desk.jobs
    begun = time.monotonic()
    running = beat.during(lambda: bool(jobs.all()) and not jobs.busy, 300)
    seconds = time.monotonic() - begun
    if jobs.all()[0].state is not JobState.DONE:
        raise SystemExit(f"the import failed: {jobs.all()[0]}")
    desk.close()
    desk.window.leave()
    house.close()
    return {**{f"looking_{key}": value for key, value in looking.items()}, **running, "seconds": round(seconds, 1)}


def chatting(app: QApplication, folder: Path) -> dict[str, float]:
    house = House(folder / "twins")
    house.engine.answer = ANSWER * 16  # four characters a token: about 6,400 characters, 1,600 tokens
    house.engine.pause = 1 / 200
    house.settings.set("welcomed", True)
    desk = Desktop(app, house.services)
    desk.window.show()
    desk.window.go(Place.CHAT)
    page: Any = desk.window.page("chat")
    beat = Heartbeat()
    beat.during(lambda: page._session.model is not None, 20)
    page._session.ask("Stream, please")
    begun = time.monotonic()
    found = beat.during(lambda: not page._session.busy, 120)
    tokens = len(house.engine.answer) / 4
    found["tokens_per_second"] = round(tokens / (time.monotonic() - begun))
    desk.close()
    desk.window.leave()
    house.close()
    return found


def main() -> None:
    size = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    app = make_application(["modelyard"])
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        figures = {"gigabytes": size, "import": importing(app, folder, size), "chat": chatting(app, folder)}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
