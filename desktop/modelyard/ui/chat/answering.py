"""One answer being made: a thread that keeps the question, reads the engine's stream and keeps the answer as it grows.

The window takes what came as often as it draws (`take`), so that a fast model cannot flood it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QThread, Signal

from ...chat.answer import AnswerWriter
from ...chat.store import ChatStore
from ...chat.values import Conversation, Message, NewAttachment, Role, State, Stats
from ...engines.base import ChatRequest, ChatStats, Engine
from ...errors import Cancelled, Code, ModelyardError
from ...events import CancelToken
from .asking import Piece, Question, request_of


class AnswerThread(QThread):
    """Signals: kept(Conversation, Message) when the question is stored; begun(Message) when the answer has a place;
    then exactly one ended(Message | None, ModelyardError | None); then QThread's finished().

    Attributes: question; conversation, 0 until there is one; answer, id of the growing message, 0 until begun;
    stored, whether what was asked is in the store.
    """

    kept = Signal(object, object)
    begun = Signal(object)
    ended = Signal(object, object)

    def __init__(
        self,
        question: Question,
        store: Callable[[], ChatStore],
        engines: Callable[[], Mapping[str, Engine]],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.question = question
        self.conversation = question.conversation
        self.answer = 0
        self.stored = False
        self._store = store
        self._engines = engines
        self._token = CancelToken()
        self._lock = threading.Lock()
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._taken = (0, 0)
        self._thinking_seconds = 0.0

    def stop(self) -> None:
        """The stream ends within 0.2 s, with what came so far."""
        self._token.cancel()

    def take(self, *, again: bool = False) -> Piece:
        """What came since the last time; `again`: everything."""
        with self._lock:
            text, thinking = (0, 0) if again else self._taken
            self._taken = (len(self._text), len(self._thinking))
            return Piece("".join(self._text[text:]), "".join(self._thinking[thinking:]), self._thinking_seconds)

    def tail(self, characters: int) -> str:
        """The end of what came so far."""
        with self._lock:
            return "".join(self._text[-characters:])[-characters:]

    def run(self) -> None:
        message: Message | None = None
        error: ModelyardError | None = None
        try:
            message, error = self._answer(self._store())
        except ModelyardError as refusal:
            error = refusal
        except Exception as fault:  # a fault of ours must reach the person
            error = ModelyardError(Code.INTERNAL, detail=f"{type(fault).__name__}: {fault}")
        self.ended.emit(message, error)

    def _answer(self, store: ChatStore) -> tuple[Message, ModelyardError | None]:
        parent = self._keep_question(store)
        question = self.question
        if question.resume:
            writer = store.resume_answer(question.resume)
            with self._lock:
                self._text.append(writer.message.content)
                self._thinking.append(writer.message.thinking)
                self._taken = (1, 1)
        else:
            writer = store.begin_answer(
                self.conversation, parent=parent, engine=question.model.engine, model=question.model.name
            )
        self.answer = writer.message.id
        self.begun.emit(writer.message)
        try:
            head = store.conversations.get(self.conversation)
            path = store.messages.path(self.conversation, until=question.resume or parent)
            stats = self._stream(writer, request_of(question, head, path, store.messages.attachment_data))
        except ModelyardError as error:
            return writer.finish(State.FAILED, error={"code": error.code.value, **error.fields}), error
        except BaseException:
            writer.finish(State.FAILED, error={"code": Code.INTERNAL.value})
            raise
        stopped = stats is None or stats.reason == "cancelled"
        return writer.finish(State.STOPPED if stopped else State.DONE, self._figures(stats)), None

    def _keep_question(self, store: ChatStore) -> int | None:
        """The message that is answered."""
        question = self.question
        model = {"engine": question.model.engine, "model": question.model.name}
        conversation: Conversation
        if not self.conversation:
            conversation = store.conversations.create(
                **model, system=question.system, options=question.options, persona=question.persona
            )
            self.conversation = conversation.id
        elif question.settle:
            conversation = store.conversations.settle(self.conversation, **model)
        else:
            conversation = store.conversations.get(self.conversation)
        if question.edit:
            message = store.messages.edit(question.edit, question.text)
        elif question.text or question.with_draft:
            attached = _from_draft(store, question.conversation) if question.with_draft else ()
            message = store.messages.add(conversation.id, Role.USER, question.text, attachments=attached)
            store.drafts.clear(question.conversation)
        else:
            return question.parent
        self.stored = True
        self.kept.emit(store.conversations.get(conversation.id), message)
        return message.id

    def _stream(self, writer: AnswerWriter, request: ChatRequest) -> ChatStats | None:
        stats: ChatStats | None = None
        thought = 0.0  # when it began to think
        spoke = False
        try:
            for chunk in self._engines()[self.question.model.engine].chat(request, self._token):
                if chunk.text or chunk.thinking:
                    writer.add(chunk.text, chunk.thinking)
                with self._lock:
                    self._text.append(chunk.text)
                    self._thinking.append(chunk.thinking)
                    if chunk.thinking and not thought:
                        thought = time.monotonic()
                    if thought and (chunk.thinking or not spoke):
                        self._thinking_seconds = time.monotonic() - thought
                    spoke = spoke or bool(chunk.text)
                stats = chunk.stats or stats
        except Cancelled:
            pass
        return stats

    def _figures(self, stats: ChatStats | None) -> Stats | None:
        if stats is None:
            return None
        return Stats(
            reason=stats.reason,
            prompt_tokens=stats.prompt_tokens,
            answer_tokens=stats.answer_tokens,
            load_seconds=stats.load_seconds,
            first_token_seconds=stats.first_token_seconds,
            thinking_seconds=self._thinking_seconds,
            tokens_per_second=stats.tokens_per_second,
            context_length=stats.context_length,
            forgotten=stats.forgotten,
        )


def _from_draft(store: ChatStore, conversation: int) -> tuple[NewAttachment, ...]:
    return tuple(
        NewAttachment(one.name, one.media_type, store.messages.attachment_data(one.id), one.text)
        for one in store.drafts.get(conversation).attachments
    )
