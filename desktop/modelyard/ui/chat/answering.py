"""One answer being made: a thread that keeps the question, reads the engine's stream and keeps the answer as it grows.

The window takes what came as often as it draws (`take`), so that a fast model cannot flood it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, QThread, Signal

from ...chat.answer import AnswerWriter
from ...chat.store import ChatStore
from ...chat.values import Conversation, Message, Role, State, Stats
from ...engines.base import ChatMessage, ChatRequest, ChatStats, Engine, InstalledModel
from ...errors import Cancelled, Code, ModelyardError
from ...events import CancelToken


@dataclass(frozen=True)
class Question:
    """What is asked. `text`: a new question behind the shown end; without it, the message `parent` is answered once
    more. `conversation`: None begins a new one."""

    model: InstalledModel
    conversation: int | None = None
    text: str = ""
    parent: int | None = None


@dataclass(frozen=True)
class Piece:
    """What came since it was last taken."""

    text: str = ""
    thinking: str = ""


class AnswerThread(QThread):
    """Signals: kept(Conversation, Message | None) when the question is stored; then exactly one of
    answered(Message) and failed(ModelyardError); then QThread's finished()."""

    kept = Signal(object, object)
    answered = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        question: Question,
        store: Callable[[], ChatStore],
        engines: Callable[[], Mapping[str, Engine]],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._question = question
        self._store = store
        self._engines = engines
        self._token = CancelToken()
        self._lock = threading.Lock()
        self._text: list[str] = []
        self._thinking: list[str] = []

    def stop(self) -> None:
        """The stream ends within 0.2 s, with what came so far."""
        self._token.cancel()

    def take(self) -> Piece:
        with self._lock:
            piece = Piece("".join(self._text), "".join(self._thinking))
            self._text.clear()
            self._thinking.clear()
        return piece

    def run(self) -> None:
        try:
            self.answered.emit(self._answer(self._store()))
        except ModelyardError as error:
            self.failed.emit(error)
        except Exception as error:  # a fault of ours must reach the person
            self.failed.emit(ModelyardError(Code.INTERNAL, detail=f"{type(error).__name__}: {error}"))

    def _answer(self, store: ChatStore) -> Message:
        model = self._question.model
        conversation, parent = self._keep_question(store)
        writer = store.begin_answer(conversation.id, parent=parent, engine=model.engine, model=model.name)
        try:
            sent = tuple(_for_engine(message) for message in store.messages.path(conversation.id, until=parent))
            stats = self._stream(writer, ChatRequest(model.name, sent))
        except ModelyardError as error:
            writer.finish(State.FAILED, error={"code": error.code.value, **error.fields})
            raise
        except BaseException:
            writer.finish(State.FAILED, error={"code": Code.INTERNAL.value})
            raise
        stopped = stats is None or stats.reason == "cancelled"
        return writer.finish(State.STOPPED if stopped else State.DONE, _kept_stats(stats))

    def _keep_question(self, store: ChatStore) -> tuple[Conversation, int | None]:
        """The conversation, and the message that is answered."""
        question, model = self._question, self._question.model
        if question.conversation is None:
            conversation = store.conversations.create(engine=model.engine, model=model.name)
        else:
            conversation = store.conversations.settle(question.conversation, engine=model.engine, model=model.name)
        if not question.text:
            self.kept.emit(conversation, None)
            return conversation, question.parent
        message = store.messages.add(conversation.id, Role.USER, question.text)
        self.kept.emit(store.conversations.get(conversation.id), message)
        return conversation, message.id

    def _stream(self, writer: AnswerWriter, request: ChatRequest) -> ChatStats | None:
        stats: ChatStats | None = None
        try:
            for chunk in self._engines()[self._question.model.engine].chat(request, self._token):
                if chunk.text or chunk.thinking:
                    writer.add(chunk.text, chunk.thinking)
                with self._lock:
                    self._text.append(chunk.text)
                    self._thinking.append(chunk.thinking)
                stats = chunk.stats or stats
        except Cancelled:
            pass
        return stats


def _for_engine(message: Message) -> ChatMessage:
    return ChatMessage(message.role.value, message.content)


def _kept_stats(stats: ChatStats | None) -> Stats | None:
    if stats is None:
        return None
    return Stats(
        reason=stats.reason,
        prompt_tokens=stats.prompt_tokens,
        answer_tokens=stats.answer_tokens,
        load_seconds=stats.load_seconds,
        first_token_seconds=stats.first_token_seconds,
        tokens_per_second=stats.tokens_per_second,
        context_length=stats.context_length,
    )
