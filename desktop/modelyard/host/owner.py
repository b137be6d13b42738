"""Marks of running processes: who works on something, and is that process still alive? A number alone is not enough,
the system gives it to somebody else later."""

from __future__ import annotations

import os
import time
from collections.abc import Callable


def this_process() -> str:
    """A mark of this process, told apart from a later one with the same number."""
    import psutil

    return f"{os.getpid()}:{psutil.Process().create_time():.2f}"


def is_alive(mark: str, start_of: Callable[[int], float | None] | None = None) -> bool:
    """Whether the process of a mark still runs. `start_of` gives a process's start time, None if it is gone."""
    number, _, started = mark.partition(":")
    try:
        begun = (start_of or _start_of)(int(number))
        return begun is not None and abs(begun - float(started)) < 1.0
    except ValueError:
        return False


def _start_of(number: int) -> float | None:
    import psutil

    try:
        begun: float = psutil.Process(number).create_time()
    except psutil.Error:
        return None
    return min(begun, time.time())
