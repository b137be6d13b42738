"""All answers that are being made, in any conversation; each goes on when another conversation is looked at, and when
the window is made anew (the language changed)."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from ...chat.values import Conversation, Message
from ...errors import ModelyardError
from ..services import Services
from .answering import AnswerThread
from .asking import Question

_FRAME_MS = 33


class Answers(QObject):
    """Signals: kept(AnswerThread, Conversation, Message); begun(AnswerThread, Message); tick() thirty times a second
    while something grows; ended(AnswerThread, Message | None, ModelyardError | None).

    Attributes: shown, the conversation that a window looked at when it went, 0 for none: the next window begins there.
    """

    kept = Signal(object, object, object)
    begun = Signal(object, object)
    tick = Signal()
    ended = Signal(object, object, object)

    def __init__(self, services: Services, parent: QObject) -> None:
        super().__init__(parent)
        self._services = services
        self._threads: list[AnswerThread] = []
        self.shown = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self.tick)

    def start(self, question: Question) -> AnswerThread:
        thread = AnswerThread(question, self._services.chats, self._services.engines, self)
        self._threads.append(thread)
        thread.kept.connect(lambda head, message: self._kept(thread, head, message))
        thread.begun.connect(lambda message: self.begun.emit(thread, message))
        thread.ended.connect(lambda message, error: self._end(thread, message, error))
        thread.finished.connect(thread.deleteLater)
        thread.start()
        self._timer.start()
        return thread

    def of(self, conversation: int) -> list[AnswerThread]:
        return [thread for thread in self._threads if thread.conversation == conversation]

    @property
    def busy(self) -> set[int]:
        """Conversations in which something grows."""
        return {thread.conversation for thread in self._threads}

    def close(self) -> None:
        """Ends all; each keeps what came so far."""
        self._timer.stop()
        for thread in self._threads:
            thread.stop()
        for thread in list(self._threads):
            thread.wait(6000)

    def _kept(self, thread: AnswerThread, head: Conversation, message: Message) -> None:
        self.kept.emit(thread, head, message)

    def _end(self, thread: AnswerThread, message: Message | None, error: ModelyardError | None) -> None:
        if thread in self._threads:
            self._threads.remove(thread)
        if not self._threads:
            self._timer.stop()
        self.ended.emit(thread, message, error)
