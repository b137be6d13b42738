"""Who speaks next: several conversations may ask at once, the engine answers one after the other in order of asking.

One answer at a time is a decision: on a laptop two at once take as long together, need the conversation memory twice
and make both slow to read."""

from __future__ import annotations

import threading
from collections import deque

from ...events import CancelToken


class Turns:
    """A fair queue. The turn may be given back on another thread than it was taken on."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._taken = False

    def take(self, cancel: CancelToken) -> bool:
        """Waits for the turn. False if cancelled before it came; then there is nothing to give back."""
        ticket = object()
        cancel.on_cancel(self._wake)
        with self._changed:
            self._waiting.append(ticket)
            self._changed.wait_for(lambda: cancel.cancelled or (not self._taken and self._waiting[0] is ticket))
            self._waiting.remove(ticket)
            if cancel.cancelled:
                self._changed.notify_all()
                return False
            self._taken = True
            return True

    def give_back(self) -> None:
        with self._changed:
            self._taken = False
            self._changed.notify_all()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
