"""Figures of the chat: python -m tests.bench.chat. Prints one JSON object.

Streaming: an answer of 24,000 characters of mixed Markdown at 500 tokens a second into the real window. A frame is
what the window's thread does at once; a stall is the longest time it did not come round.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import psutil
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication

from modelyard.chat.store import ChatStore
from modelyard.chat.transfer import insert
from modelyard.chat.values import Conversation
from modelyard.engines.base import ChatChunk, ChatRequest, ChatStats
from modelyard.events import CancelToken
from modelyard.ui.app import Desktop, make_application
from modelyard.ui.routes import Place
from tests.bench.chat_store import conversation
from tests.ui.twins import House

CHARACTERS = 24_000
TOKENS_A_SECOND = 500
LONG = 10_000
MESSAGES = 100_000
QUERIES = ("reinforcement", "强化学习", "学习", "what is the", "nowhere to be found")


def mixed_markdown(characters: int) -> str:
    """Paragraphs in two languages, lists, code, tables."""
    prose = (
        "这是一段**加粗**的文字 with `inline code`, *emphasis*, and a [link](https://x.y). "
        "Lorem ipsum dolor sit amet, consectetur.\n\n"
    )
    code = "```python\ndef f(x):\n    # 注释\n    return [i for i in range(x) if i % 2 == 0]\n```\n\n"
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\n"
    part = prose + "- item one\n- item two\n\n" + prose + code + table
    return (part * (characters // len(part) + 1))[:characters]


class Loop:
    """The window's event loop, watched: how long each turn takes that does something."""

    def __init__(self) -> None:
        self.turns: list[float] = []
        self.work: list[float] = []  # the processor's time of each turn: what remains on a busy computer

    def run(self, seconds: float, until: Any = lambda: False) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end and not until():
            started, worked = time.perf_counter(), time.thread_time()
            QApplication.processEvents()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            self.turns.append((time.perf_counter() - started) * 1000)
            self.work.append((time.thread_time() - worked) * 1000)
            time.sleep(0.001)

    def figures(self) -> dict[str, float]:
        drawn = sorted(each for each in self.turns if each > 0.3)  # turns in which something was done
        work = sorted(each for each in self.work if each > 0.3)
        return {
            "work_p99_ms": round(work[int(len(work) * 0.99)], 2),
            "work_longest_ms": round(work[-1], 2),
            "frames": len(drawn),
            "p50_ms": round(drawn[len(drawn) // 2], 2),
            "p99_ms": round(drawn[int(len(drawn) * 0.99)], 2),
            "longest_stall_ms": round(drawn[-1], 2),
        }


def stream(desk: Desktop, house: House) -> dict[str, float]:
    text = mixed_markdown(CHARACTERS)

    def chat(_request: ChatRequest, cancel: CancelToken) -> Iterator[ChatChunk]:
        started = time.perf_counter()
        for number, start in enumerate(range(0, len(text), 4)):
            ahead = started + number / TOKENS_A_SECOND - time.perf_counter()
            if ahead > 0:
                time.sleep(ahead)
            yield ChatChunk(text[start : start + 4])
        yield ChatChunk(stats=ChatStats("stop", 20, len(text) // 4, tokens_per_second=500))

    house.engine.chat = chat  # type: ignore[method-assign]
    session = desk.window.page("chat")._session  # type: ignore[attr-defined]
    session.ask("Tell me everything")
    loop = Loop()
    seconds = CHARACTERS / 4 / TOKENS_A_SECOND
    loop.run(1.0, lambda: session.busy)
    loop = Loop()
    loop.run(seconds * 3, lambda: not session.busy)
    loop.run(0.5)
    return loop.figures()


def open_long(desk: Desktop, head: Conversation) -> float:
    """Milliseconds from the click to the newest message drawn."""
    page = desk.window.page("chat")
    transcript = page._transcript  # type: ignore[attr-defined]
    started = time.perf_counter()
    page._open(head, 0)  # type: ignore[attr-defined]
    while len(transcript.items) < 4:
        QApplication.processEvents()
    transcript.viewport().repaint()
    return round((time.perf_counter() - started) * 1000, 1)


def scroll(desk: Desktop, seconds: float = 8.0) -> dict[str, float]:
    """The wheel turned up without pause; frames are drawn as fast as they can be."""
    transcript = desk.window.page("chat")._transcript  # type: ignore[attr-defined]
    bar = transcript.verticalScrollBar()
    frames: list[float] = []
    work: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        started, worked = time.perf_counter(), time.thread_time()
        bar.setValue(bar.value() - 60)
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        frames.append((time.perf_counter() - started) * 1000)
        work.append((time.thread_time() - worked) * 1000)
        time.sleep(max(0.0, 0.016 - (time.perf_counter() - started)))
    frames.sort()
    work.sort()
    return {
        "scroll_frames_a_second": round(1000 / max(16.0, sum(frames) / len(frames)), 1),
        "scroll_p50_ms": round(frames[len(frames) // 2], 2),
        "scroll_p99_ms": round(frames[int(len(frames) * 0.99)], 2),
        "scroll_work_p99_ms": round(work[int(len(work) * 0.99)], 2),
        "scroll_longest_ms": round(frames[-1], 2),
        "scroll_first_message": desk.window.page("chat")._session.first,  # type: ignore[attr-defined]
    }


def main() -> None:
    chance = random.Random(1)
    figures: dict[str, Any] = {}
    app = make_application(["bench"])
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        house.settings.set("welcomed", True)
        house.settings.set("language", "en")
        with ChatStore(house.folders.chats_file) as store:
            long = insert(store, conversation(chance, LONG))
            for _ in range((MESSAGES - LONG) // 100):
                insert(store, conversation(chance, 100))
        desk = Desktop(app, house.services)
        desk.window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        desk.window.show()
        desk.window.go(Place.CHAT)
        Loop().run(2.0)
        figures["open_10000_ms"] = open_long(desk, long)
        figures |= scroll(desk)
        figures["memory_mb"] = round(psutil.Process().memory_info().rss / 1e6, 1)
        figures["search_ms"] = {}
        for words in QUERIES:
            started = time.perf_counter()
            house.chats().search(words, 80)
            figures["search_ms"][words] = round((time.perf_counter() - started) * 1000, 1)
        desk.window.page("chat")._begin_new()  # type: ignore[attr-defined]
        Loop().run(1.0)
        figures["stream"] = stream(desk, house)
        figures["memory_after_mb"] = round(psutil.Process().memory_info().rss / 1e6, 1)
        desk.close()
        desk.window.leave()
        house.close()
    print(json.dumps(figures, ensure_ascii=False))


if __name__ == "__main__":
    main()
