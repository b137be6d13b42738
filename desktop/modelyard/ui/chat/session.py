"""The open conversation at work: asks the engine, gathers the answer, keeps it. Knows no widget."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal

from ...engines.base import ChatChunk, ChatRequest, ChatStats, InstalledModel
from ...errors import Code, ModelyardError
from ...events import CancelToken
from ..background import in_background
from ..services import Services
from .conversation import Entry, Head, new_id, title_of
from .stream import AnswerThread

_FRAME_MS = 33
_SAVE_EVERY = 1.0  # seconds between stored states of a growing answer


class Session(QObject):
    """One conversation.

    Signals: loaded(), asked(Entry), answering(), grew(text, thinking) at most thirty times a second, answered(Entry),
    failed(ModelyardError), head_changed(Head).
    """

    loaded = Signal()
    asked = Signal(object)
    answering = Signal()
    grew = Signal(str, str)
    answered = Signal(object)
    failed = Signal(object)
    head_changed = Signal(object)

    def __init__(self, services: Services, parent: QObject) -> None:
        super().__init__(parent)
        self._services = services
        self._lane = QThreadPool(self)
        self._lane.setMaxThreadCount(1)  # what is stored keeps its order
        self._thread: AnswerThread | None = None
        self._growing = Entry("", "assistant", "")
        self._saved_at = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._gather)
        self.head: Head | None = None
        self.entries: list[Entry] = []
        self.model: InstalledModel | None = None

    @property
    def busy(self) -> bool:
        return self._thread is not None

    # --- which conversation ----------------------------------------------------------------------------------------
    def begin_new(self) -> None:
        self.stop()
        self._let_go()
        self.head, self.entries = None, []
        self.loaded.emit()

    def open(self, head: Head) -> None:
        self.stop()
        self._let_go()
        self.head, self.entries = head, []
        store = self._services.conversations

        def show(entries: object) -> None:
            if self.head is not None and self.head.id == head.id:
                self.entries = list(entries)  # type: ignore[call-overload]
                self.loaded.emit()

        self._in_lane(lambda: store.entries(head.id), show)

    # --- talking ---------------------------------------------------------------------------------------------------
    def ask(self, text: str) -> None:
        """Sends a message. Needs `model`."""
        if self.model is None or self.busy:
            return
        entry = Entry(new_id(), "user", text)
        if self.head is None:
            self.head = Head(new_id(), title_of(text))
        self._touch_head()
        self._keep(entry)
        self.entries.append(entry)
        self.asked.emit(entry)
        self._answer()

    def again(self) -> None:
        """Drops the last answer, if there is one, and asks anew."""
        if self.busy or self.head is None or self.model is None:
            return
        if self.entries and self.entries[-1].role == "assistant":
            dropped, head = self.entries.pop(), self.head
            self._in_lane(lambda: self._services.conversations.remove_entry(head.id, dropped.id))
            self.loaded.emit()
        if self.entries:
            self._touch_head()
            self._answer()

    def stop(self) -> None:
        if self._thread is not None:
            self._thread.stop()

    def close(self) -> None:
        """Ends what runs and waits until everything is stored."""
        if self._thread is not None:
            self._thread.stop()
            self._thread.wait(3000)
            self._gather()
            self._keep(self._growing)
            self._let_go()
        self._lane.waitForDone(3000)

    def _answer(self) -> None:
        model = self.model
        assert model is not None
        request = ChatRequest(model.name, tuple(entry.for_engine() for entry in self.entries))
        engines = self._services.engines

        def stream(token: CancelToken) -> Iterator[ChatChunk]:
            return engines()[model.engine].chat(request, token)

        self._growing = Entry(new_id(), "assistant", "")
        self._saved_at = time.monotonic()
        self._thread = thread = AnswerThread(stream, self)
        thread.answered.connect(lambda stats: self._end(thread, stats))
        thread.failed.connect(lambda error: self._fail(thread, error))
        thread.finished.connect(thread.deleteLater)
        thread.start()
        self._timer.start()
        self.answering.emit()

    def _gather(self) -> None:
        if self._thread is None:
            return
        piece = self._thread.take()
        if not (piece.text or piece.thinking):
            return
        growing = self._growing
        self._growing = replace(
            growing, content=growing.content + piece.text, thinking=growing.thinking + piece.thinking
        )
        self.grew.emit(piece.text, piece.thinking)
        if time.monotonic() - self._saved_at > _SAVE_EVERY:
            self._saved_at = time.monotonic()
            self._keep(self._growing)

    def _end(self, thread: AnswerThread, stats: ChatStats) -> None:
        if thread is not self._thread:
            return
        self._gather()
        entry = replace(self._growing, stats=stats)
        self._let_go()
        if entry.content or entry.thinking:
            self.entries.append(entry)
            self._keep(entry)
        self.answered.emit(entry)

    def _fail(self, thread: AnswerThread, error: ModelyardError) -> None:
        if thread is not self._thread:
            return
        self._gather()
        entry = self._growing
        self._let_go()
        if entry.content:
            self.entries.append(entry)
            self._keep(entry)
        self.failed.emit(error)

    def _let_go(self) -> None:
        """The running answer, if any, no longer belongs to what is shown."""
        self._timer.stop()
        self._thread = None

    # --- keeping ---------------------------------------------------------------------------------------------------
    def _touch_head(self) -> None:
        assert self.head is not None and self.model is not None
        self.head = replace(self.head, engine=self.model.engine, model=self.model.name, updated=time.time())
        head = self.head
        self._in_lane(lambda: self._services.conversations.save_head(head))
        self.head_changed.emit(head)

    def _keep(self, entry: Entry) -> None:
        head = self.head
        if head is not None and (entry.content or entry.thinking):
            self._in_lane(lambda: self._services.conversations.save_entry(head.id, entry))

    def _in_lane(self, work: Callable[[], object], done: Callable[[object], None] | None = None) -> None:
        in_background(self, lambda _token: work(), done or (lambda _result: None), self._store_failed, self._lane)

    def _store_failed(self, error: ModelyardError) -> None:
        if error.code is not Code.INTERNAL or not self.busy:
            self.failed.emit(error)
