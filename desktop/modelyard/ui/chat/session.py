"""The open conversation at work: asks, gathers the growing answer, switches branches. Knows no widget."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal

from ...chat.store import ChatStore
from ...chat.values import Conversation, Draft, Message, Page, Role
from ...engines.base import InstalledModel
from ...errors import ModelyardError
from ..background import in_background
from ..services import Services
from .answering import AnswerThread, Question

_FRAME_MS = 33
_SHOWN = 100  # newest messages fetched at once

T = TypeVar("T")


class Session(QObject):
    """One conversation at a time; `begin_new` and `open` change to another.

    Signals: loaded() when `messages` is complete; asked(text); answering(); grew(text, thinking) at most thirty times
    a second; answered(Message); failed(ModelyardError); changed(Conversation) when its title, model or time changed;
    draft_found(text).
    """

    loaded = Signal()
    asked = Signal(str)
    answering = Signal()
    grew = Signal(str, str)
    answered = Signal(object)
    failed = Signal(object)
    changed = Signal(object)
    draft_found = Signal(str)

    def __init__(self, services: Services, parent: QObject) -> None:
        super().__init__(parent)
        self._services = services
        self._lane = QThreadPool(self)
        self._lane.setMaxThreadCount(1)  # what is kept keeps its order
        self._thread: AnswerThread | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._gather)
        self.conversation: Conversation | None = None
        self.messages: list[Message] = []
        self.model: InstalledModel | None = None

    @property
    def busy(self) -> bool:
        return self._thread is not None

    # --- which conversation ----------------------------------------------------------------------------------------
    def begin_new(self) -> None:
        self._let_go()
        self.conversation, self.messages = None, []
        self.loaded.emit()
        self._find_draft(0)

    def open(self, conversation: Conversation) -> None:
        self._let_go()
        self.conversation, self.messages = conversation, []
        self.reload()
        self._find_draft(conversation.id)

    def reload(self) -> None:
        """Fetches the shown branch again."""
        if self.conversation is None:
            return
        number = self.conversation.id

        def show(page: Page) -> None:
            if self.conversation is not None and self.conversation.id == number and not self.busy:
                self.messages = list(page.messages)
                self.loaded.emit()

        self._in_lane(lambda store: store.messages.tail(number, _SHOWN), show)

    def switch(self, message: int) -> None:
        """Shows the branch that goes through this message."""
        if not self.busy:
            self._in_lane(lambda store: store.messages.switch(message), lambda _leaf: self.reload())

    # --- talking ---------------------------------------------------------------------------------------------------
    def ask(self, text: str) -> None:
        """Sends a message. Needs `model`."""
        if self.model is None or self.busy:
            return
        number = self.conversation.id if self.conversation else None
        self.asked.emit(text)
        self._in_lane(lambda store: store.drafts.clear(number or 0))
        self._answer(Question(self.model, number, text))

    def again(self) -> None:
        """Answers the last question once more; the old answer stays as another branch."""
        if self.busy or self.conversation is None or self.model is None:
            return
        question = next((each for each in reversed(self.messages) if each.role is Role.USER), None)
        if question is not None:
            self.messages = self.messages[: self.messages.index(question) + 1]
            self.loaded.emit()
            self._answer(Question(self.model, self.conversation.id, parent=question.id))

    def stop(self) -> None:
        if self._thread is not None:
            self._thread.stop()

    def keep_draft(self, text: str) -> None:
        number = self.conversation.id if self.conversation else 0
        self._in_lane(lambda store: store.drafts.save(text, number))

    def close(self) -> None:
        """Ends what runs; the thread keeps what came so far."""
        thread = self._thread
        self._let_go()
        if thread is not None:
            thread.wait(5000)
        self._lane.waitForDone(5000)

    def _answer(self, question: Question) -> None:
        self._thread = thread = AnswerThread(question, self._services.chats, self._services.engines, self)
        thread.kept.connect(lambda conversation, message: self._question_kept(thread, conversation, message))
        thread.answered.connect(lambda message: self._end(thread, message, None))
        thread.failed.connect(lambda error: self._end(thread, None, error))
        thread.finished.connect(thread.deleteLater)
        thread.start()
        self._timer.start()
        self.answering.emit()

    def _question_kept(self, thread: AnswerThread, conversation: Conversation, message: Message | None) -> None:
        if thread is not self._thread:
            return
        self.conversation = conversation
        if message is not None:
            self.messages.append(message)
        self.changed.emit(conversation)

    def _gather(self) -> None:
        if self._thread is not None:
            piece = self._thread.take()
            if piece.text or piece.thinking:
                self.grew.emit(piece.text, piece.thinking)

    def _end(self, thread: AnswerThread, message: Message | None, error: ModelyardError | None) -> None:
        if thread is not self._thread:
            return
        self._gather()
        self._timer.stop()
        self._thread = None
        if message is not None:
            self.messages.append(message)
            self.answered.emit(message)
        if error is not None:
            self.failed.emit(error)
        if self.conversation is not None:
            number = self.conversation.id
            self._in_lane(lambda store: store.conversations.get(number), self._retitled)

    def _retitled(self, conversation: Conversation) -> None:
        if self.conversation is not None and self.conversation.id == conversation.id:
            self.conversation = conversation
        self.changed.emit(conversation)

    def _let_go(self) -> None:
        """A running answer goes no further and is no longer shown; what came of it is kept."""
        self._timer.stop()
        if self._thread is not None:
            self._thread.stop()
            self._thread = None

    # --- keeping ---------------------------------------------------------------------------------------------------
    def _find_draft(self, number: int) -> None:
        def show(draft: Draft) -> None:
            if (self.conversation.id if self.conversation else 0) == number:
                self.draft_found.emit(draft.text)

        self._in_lane(lambda store: store.drafts.get(number), show)

    def _in_lane(self, work: Callable[[ChatStore], T], done: Callable[[T], None] = lambda _result: None) -> None:
        chats = self._services.chats
        in_background(self, lambda _token: work(chats()), done, self.failed.emit, self._lane)
