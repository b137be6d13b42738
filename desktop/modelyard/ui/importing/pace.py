"""Speed and time left from the last few seconds of progress."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

_WINDOW = 8.0  # seconds looked back
_SETTLING = 1.0  # seconds before a speed is worth saying


@dataclass(frozen=True)
class Pace:
    """`speed` in units a second, `left` in seconds; None while not yet known."""

    speed: float | None = None
    left: float | None = None


class Pacer:
    """Feed it (time, done, total); it tells the pace of one step."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, int]] = deque()

    def reset(self) -> None:
        self._points.clear()

    def add(self, now: float, done: int, total: int) -> Pace:
        if self._points and done < self._points[-1][1]:
            self._points.clear()
        self._points.append((now, done))
        while now - self._points[0][0] > _WINDOW:
            self._points.popleft()
        first_time, first_done = self._points[0]
        if now - first_time < _SETTLING or done <= first_done:
            return Pace()
        speed = (done - first_done) / (now - first_time)
        return Pace(speed, (total - done) / speed if total > done else None)
