"""The engine's process. It reads one JSON record a line and writes its own:

    {"do": "load", …Loading}           → {"loaded": true}, or {"refused": words}
    {"do": "chat", "id": n, "body": …} → {"id": n, "text" | "thinking" | "progress" | "reason" | "timings": …} …,
                                         then {"id": n, "done": true} or {"id": n, "error": …}
    {"do": "stop", "id": n}            → the answer n ends soon with {"id": n, "done": true}

It ends when its stdin does, so it never outlives the program.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from queue import SimpleQueue
from typing import Any

from ...host.channel import Channel


def main() -> int:
    """Runs until the parent goes."""
    _no_crash_windows()
    channel = Channel()
    waiting: SimpleQueue[dict[str, Any]] = SimpleQueue()
    stopped: set[int] = set()

    def on_record(record: dict[str, Any]) -> None:
        if record.get("do") == "stop":
            stopped.add(int(record["id"]))
        else:
            waiting.put(record)

    # At once and without clean-up: native threads may be busy, and nothing of ours needs it.
    channel.watch(on_record, on_close=lambda: os._exit(0))
    loading = waiting.get()
    # Before libgomp is loaded: threads that wait by spinning make everything crawl (measured: to a twentieth) as soon
    # as another program wants the same cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from .llama import Llama

    try:
        llama = Llama(loading)
    except (RuntimeError, MemoryError, ValueError, OSError, AttributeError) as error:
        channel.send({"refused": str(error)})
        return 1
    channel.send({"loaded": True})
    while True:
        _answer(llama, waiting.get(), channel, stopped)


def _answer(llama: Any, record: dict[str, Any], channel: Channel, stopped: set[int]) -> None:
    number = int(record["id"])
    ended = False

    def emit(piece: Mapping[str, Any]) -> bool:
        nonlocal ended
        ended = ended or "error" in piece
        channel.send({"id": number, **piece})
        return number in stopped

    if number not in stopped:
        llama.answer(record["body"], emit)
    if not ended:
        channel.send({"id": number, "done": True})
    stopped.discard(number)


def _no_crash_windows() -> None:
    """On Windows a crash of native code shall end the process, not show a dialog."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetErrorMode(0x0001 | 0x0002 | 0x8000)
