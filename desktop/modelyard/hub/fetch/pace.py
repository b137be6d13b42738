"""How fast and how often: the bandwidth limit, and waiting after faults."""

from __future__ import annotations

import random
import threading
import time

_BURST_SECONDS = 0.25
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 60.0


class Pace:
    """At most `bytes_per_second` over all connections; 0 = no limit."""

    def __init__(self, bytes_per_second: int = 0) -> None:
        self.bytes_per_second = bytes_per_second
        self._free_at = 0.0
        self._lock = threading.Lock()

    def take(self, count: int, stop: threading.Event) -> None:
        """Waits until `count` more bytes are within the limit, or `stop` is set."""
        rate = self.bytes_per_second
        if rate <= 0:
            return
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now - _BURST_SECONDS) + count / rate
            wait = self._free_at - now
        if wait > 0:
            stop.wait(wait)


class Patience:
    """When to try again after faults of the network or the server. Waits double from half a second to a minute, with
    some chance in them so that connections do not return in step; a Retry-After is obeyed by all connections.

    `exhausted` once nothing has arrived for `limit_seconds`: then a person should know."""

    def __init__(self, limit_seconds: float, first_wait: float = _FIRST_WAIT) -> None:
        self._limit = limit_seconds
        self._first = first_wait
        self._lock = threading.Lock()
        self._faults = 0
        self._not_before = 0.0
        self._last_progress = time.monotonic()

    def progress(self) -> None:
        self._faults = 0
        self._last_progress = time.monotonic()

    def fault(self, asked_seconds: float | None = None) -> float:
        """Notes a fault; returns how long the caller should wait."""
        with self._lock:
            self._faults += 1
            wait = min(_LONGEST_WAIT, self._first * (1 << min(self._faults - 1, 10))) * random.uniform(0.75, 1.25)
            if asked_seconds is not None:
                wait = max(wait, asked_seconds)
                self._not_before = max(self._not_before, time.monotonic() + asked_seconds)
                self._last_progress += asked_seconds  # being told to wait is no failure
            return wait

    def remaining_wait(self) -> float:
        """Seconds until the server allows the next request."""
        return max(0.0, self._not_before - time.monotonic())

    @property
    def exhausted(self) -> bool:
        return time.monotonic() - self._last_progress > self._limit
