"""An answer that grows while a model speaks, saved at least once a second: if the program is killed, at most the last
second is lost."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from ..errors import ModelyardError
from .messages import Messages
from .values import Message, State, Stats

SAVE_SECONDS = 0.9


class AnswerWriter:
    """Takes the pieces of one answer. `add` never waits for the disk: saving is done by a timer thread of its own
    at most SAVE_SECONDS after the first unsaved piece. `finish` ends it. Thread-safe.

    Attributes: message (as it was when the answer began).
    """

    def __init__(self, messages: Messages, message: Message, seconds: float = SAVE_SECONDS) -> None:
        self.message = message
        self._messages = messages
        self._seconds = seconds
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        self._content: list[str] = []
        self._thinking: list[str] = []
        self._timer: threading.Timer | None = None
        self._ended = False
        self._error: ModelyardError | None = None

    def add(self, content: str = "", thinking: str = "") -> None:
        """Raises what an earlier attempt to save raised (DISK_FULL, CHAT_STORE_…): the answer can go on only in
        memory then."""
        with self._lock:
            if self._error is not None:
                raise self._error
            self._content.append(content)
            self._thinking.append(thinking)
            if self._timer is None and not self._ended:
                self._timer = threading.Timer(self._seconds, self._save_later)
                self._timer.daemon = True
                self._timer.name = "answer-saver"
                self._timer.start()

    def save(self) -> None:
        """Saves now what is not saved yet."""
        with self._saving:
            with self._lock:
                content, thinking = "".join(self._content), "".join(self._thinking)
            if content or thinking:
                self._messages.grow(self.message.id, content, thinking)
            with self._lock:  # pieces may have been added meanwhile
                self._content = _rest(self._content, content)
                self._thinking = _rest(self._thinking, thinking)

    def finish(
        self,
        state: State = State.DONE,
        stats: Stats | None = None,
        error: Mapping[str, str | int | float | None] | None = None,
    ) -> Message:
        """Saves the rest and ends the answer; returns it as it is in the store. Raises DISK_FULL, CHAT_MISSING (the
        conversation was deleted meanwhile) and so on."""
        with self._lock:
            self._ended = True
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            timer.join()
        self.save()
        return self._messages.set_state(self.message.id, state, stats=stats, error=error)

    def _save_later(self) -> None:
        with self._lock:
            self._timer = None
        try:
            self.save()
        except ModelyardError as error:
            with self._lock:
                self._error = error


def _rest(pieces: list[str], saved: str) -> list[str]:
    """The pieces without the saved text, with which they begin."""
    rest = "".join(pieces)[len(saved) :]
    return [rest] if rest else []
