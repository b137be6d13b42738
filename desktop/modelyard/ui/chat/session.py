"""The open conversation at work: asks, follows growing answers, pages through what was said. Knows no widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from PySide6.QtCore import QObject, QThreadPool, Signal

from ...chat.store import ChatStore
from ...chat.values import Conversation, Draft, Message, NewAttachment, OptionValue, Page, Role, State
from ...engines.base import InstalledModel
from ...errors import Code, ModelyardError
from ..background import in_background
from ..services import Services
from .answering import AnswerThread
from .answers import Answers
from .asking import Question

FIRST_PAGE = 16  # messages that are fetched to open a conversation
PAGE = 24
T = TypeVar("T")


class Session(QObject):
    """One conversation at a time; `begin_new` and `open` change to another.

    Signals: loaded() when `messages` are others; older(list[Message]) and newer(list[Message]) as one scrolls;
    kept(Message) when a question is stored; begun(AnswerThread, Message); ended(AnswerThread, Message | None,
    ModelyardError | None); renewed(Message) when there are fewer versions of it; changed(Conversation);
    failed(ModelyardError); draft_found(Draft); busy_changed().

    Attributes: first, total: place of the first message of `messages` on its branch, and the branch's length.
    """

    loaded = Signal()
    older = Signal(object)
    newer = Signal(object)
    kept = Signal(object)
    begun = Signal(object, object)
    ended = Signal(object, object, object)
    renewed = Signal(object)
    changed = Signal(object)
    failed = Signal(object)
    draft_found = Signal(object)
    busy_changed = Signal()

    def __init__(self, services: Services, answers: Answers, parent: QObject) -> None:
        super().__init__(parent)
        self._services = services
        self._answers = answers
        self._lane = QThreadPool(self)
        self._lane.setMaxThreadCount(1)  # what is kept keeps its order
        self._starting: AnswerThread | None = None  # of a conversation that has no number yet
        self._paging = False
        self._second: InstalledModel | None = None
        self._marked = 0
        self.conversation: Conversation | None = None
        self.messages: list[Message] = []
        self.first = self.total = 0
        self.model: InstalledModel | None = None
        self.new_system = ""
        self.new_persona = ""
        self.new_options: Mapping[str, OptionValue] = {}
        answers.kept.connect(self._question_kept)
        answers.begun.connect(self._answer_begun)
        answers.ended.connect(self._answer_ended)

    @property
    def number(self) -> int:
        return self.conversation.id if self.conversation else 0

    @property
    def growing(self) -> list[AnswerThread]:
        """The answers of this conversation that are being made."""
        if self._starting is not None:
            return [self._starting]
        return self._answers.of(self.number) if self.number else []

    @property
    def busy(self) -> bool:
        return bool(self.growing)

    @property
    def last(self) -> int:
        """The place behind the last message that is here."""
        return self.first + len(self.messages)

    # --- which conversation ----------------------------------------------------------------------------------------
    def begin_new(self, system: str = "", options: Mapping[str, OptionValue] | None = None, persona: str = "") -> None:
        self._leave()
        self.conversation = None
        self.new_system, self.new_options, self.new_persona = system, options or {}, persona
        self.loaded.emit()
        self.busy_changed.emit()
        self.find_draft()

    def open(self, conversation: Conversation, message: int = 0) -> None:
        """`message`: the one to show, else the end."""
        self._leave()
        self.conversation = conversation
        self.reload(message)
        self.busy_changed.emit()
        self.find_draft()

    def reload(self, message: int = 0, *, retry: bool = True) -> None:
        """Fetches the shown branch again."""
        number = self.number
        if not number:
            return

        def fetch(store: ChatStore) -> tuple[Page, Conversation]:
            if message:
                store.messages.switch(message)
                place = store.messages.get(message).depth
                page = store.messages.window(number, max(0, place - 2), PAGE)
            else:
                page = store.messages.tail(number, FIRST_PAGE)
            return page, store.conversations.get(number)

        def show(found: tuple[Page, Conversation]) -> None:
            if self.number != number:
                return
            page, self.conversation = found
            made = {thread.answer for thread in self.growing}
            if retry and any(each.state is State.STREAMING and each.id not in made for each in page.messages):
                self.reload(message, retry=False)  # it ended between the look and now
                return
            self.messages, self.first, self.total = list(page.messages), page.first, page.total
            self._paging = False
            self._marked = message
            self.loaded.emit()
            self.changed.emit(self.conversation)

        self.in_lane(fetch, show)

    @property
    def marked(self) -> int:
        """The message that was searched for."""
        return self._marked

    def fetch_older(self) -> None:
        if self._paging or self.first <= 0 or not self.messages:
            return
        before, number = self.messages[0].id, self.number

        def show(page: Page) -> None:
            self._paging = False
            if self.number == number and self.messages and self.messages[0].id == before:
                self.messages[:0] = page.messages
                self.first = page.first
                self.older.emit(list(page.messages))

        self._page(lambda store: store.messages.older(before, PAGE), show)

    def fetch_newer(self) -> None:
        if self._paging or self.last >= self.total or not self.messages:
            return
        behind, number = self.last, self.number

        def show(page: Page) -> None:
            self._paging = False
            if self.number == number and self.last == behind:
                self.messages += page.messages
                self.newer.emit(list(page.messages))

        self._page(lambda store: store.messages.window(number, behind, PAGE), show)

    def forget(self, *, oldest: int = 0, newest: int = 0) -> None:
        """Messages far from what is looked at leave memory."""
        del self.messages[:oldest]
        self.first += oldest
        if newest:
            del self.messages[-newest:]

    def switch(self, message: int) -> None:
        """Shows the branch that goes through this message, and stays with it."""
        if not self.busy:
            self.reload(message)

    # --- talking ---------------------------------------------------------------------------------------------------
    def ask(self, text: str, *, with_draft: bool = False, second: InstalledModel | None = None) -> None:
        """Sends a message. Needs `model`. `second` answers it too."""
        if self.model is None or self.busy:
            return
        question = Question(self.model, self.number, text, with_draft=with_draft)
        if not self.number:
            question = replace(question, system=self.new_system, options=self.new_options, persona=self.new_persona)
        self._start(question, second)

    def again(self, answer: Message) -> None:
        """Answers the same question once more; the old answer stays as another branch."""
        if not self.busy and self.model is not None and answer.parent is not None:
            self._cut_at(answer.id)
            self._start(Question(self.model, self.number, parent=answer.parent))

    def answer(self, question: Message) -> None:
        """Answers a question that has no answer."""
        if not self.busy and self.model is not None:
            self._start(Question(self.model, self.number, parent=question.id))

    def edit(self, message: Message, text: str) -> None:
        """Asks it differently; what was said from there on stays as another branch."""
        if not self.busy and self.model is not None:
            self._cut_at(message.id)
            self._start(Question(self.model, self.number, text, edit=message.id))

    def resume(self, answer: Message) -> None:
        """Lets an answer that was cut off go on."""
        if not self.busy and self.model is not None:
            self._start(Question(self.model, self.number, resume=answer.id))

    def stop(self) -> None:
        for thread in self.growing:
            thread.stop()

    def set_aside(self, message: Message) -> None:
        """Takes it and everything behind it out of what is shown."""
        self.in_lane(lambda store: store.messages.set_aside(message.id), lambda _done: self.reload())

    def delete(self, message: Message) -> None:
        """With everything behind it, for good."""
        beside = [each.id for each in self.messages if each.parent == message.parent and each.id != message.id]

        def work(store: ChatStore) -> list[Message]:
            store.messages.delete(message.id)
            return [store.messages.get(each) for each in beside]

        self.in_lane(work, self._renew)

    def _renew(self, messages: list[Message]) -> None:
        """They have fewer versions beside them now."""
        for message in messages:
            self.messages = [message if each.id == message.id else each for each in self.messages]
            self.renewed.emit(message)

    def settle(self, *, system: str | None = None, options: Mapping[str, OptionValue] | None = None,
               persona: str | None = None) -> None:  # fmt: skip
        """Changes what the next answers are made with."""
        number = self.number
        if number:
            self.in_lane(
                lambda store: store.conversations.settle(number, system=system, options=options, persona=persona),
                self._head_changed,
            )
            return
        self.new_system = self.new_system if system is None else system
        self.new_options = self.new_options if options is None else options
        self.new_persona = self.new_persona if persona is None else persona

    # --- drafts ------------------------------------------------------------------------------------------------------
    def keep_draft(self, text: str) -> None:
        number = self.number
        self.in_lane(lambda store: store.drafts.save(text, number))

    def attach(self, files: list[NewAttachment]) -> None:
        number = self.number
        self.in_lane(lambda store: store.drafts.attach(files, number), lambda draft: self._show_draft(number, draft))

    def detach(self, attachment: int) -> None:
        number = self.number

        def work(store: ChatStore) -> Draft:
            store.drafts.detach(attachment)
            return store.drafts.get(number)

        self.in_lane(work, lambda draft: self._show_draft(number, draft))

    def find_draft(self) -> None:
        number = self.number
        self.in_lane(lambda store: store.drafts.get(number), lambda draft: self._show_draft(number, draft))

    def _show_draft(self, number: int, draft: Draft) -> None:
        if self.number == number:
            self.draft_found.emit(draft)

    # --- inside ------------------------------------------------------------------------------------------------------
    def _leave(self) -> None:
        self.messages, self.first, self.total = [], 0, 0
        self._starting, self._second, self._marked = None, None, 0
        self._paging = False

    def _start(self, question: Question, second: InstalledModel | None = None) -> None:
        self._second = second
        thread = self._answers.start(question)
        if not question.conversation:
            self._starting = thread
        self.busy_changed.emit()

    def _cut_at(self, message: int) -> None:
        """The shown branch ends before this message now."""
        place = next((n for n, each in enumerate(self.messages) if each.id == message), None)
        if place is not None:
            del self.messages[place:]
            self.total = self.last
            self.loaded.emit()

    def _question_kept(self, thread: AnswerThread, head: Conversation, message: Message) -> None:
        if thread is self._starting:
            self._starting = None
            self.conversation = head
        if head.id == self.number:
            self.conversation = head
            if self.last < self.total:  # the end is not here: it was far from what was looked at
                self.reload()
            else:
                self.messages.append(message)
                self.total = self.last
                self.kept.emit(message)
            if self._second is not None:
                second, self._second = self._second, None
                self._answers.start(Question(second, head.id, parent=message.id, settle=False))
        self.changed.emit(head)

    def _answer_begun(self, thread: AnswerThread, message: Message) -> None:
        if thread.conversation == self.number:
            if thread.question.resume or any(each.id == message.id for each in self.messages):
                self.messages = [message if each.id == message.id else each for each in self.messages]
            else:
                beside = [each for each in self.messages if each.role is message.role and each.parent == message.parent]
                if thread.question.settle or not beside:
                    self.messages = [each for each in self.messages if each not in beside] + [message]
                    self.total = self.last
            self.begun.emit(thread, message)

    def _answer_ended(self, thread: AnswerThread, message: Message | None, error: ModelyardError | None) -> None:
        if thread is self._starting:
            self._starting = None
        if thread.conversation == self.number:
            if message is not None:
                self.messages = [message if each.id == message.id else each for each in self.messages]
            self.ended.emit(thread, message, error)
            self.busy_changed.emit()
            if not thread.question.settle:
                self._prefer_first(thread.question.parent)
        number = thread.conversation
        if message is not None:
            self.in_lane(lambda store: head_of(store, number), self._head_changed)

    def _prefer_first(self, question: int | None) -> None:
        """Of two answers side by side the first counts until the person chooses."""
        first = next((each.id for each in self.messages if each.parent == question), 0)
        if first:
            self.in_lane(lambda store: store.messages.switch(first))

    def _head_changed(self, conversation: Conversation | None) -> None:
        if conversation is None:
            return
        if self.number == conversation.id:
            self.conversation = conversation
        self.changed.emit(conversation)

    def _page(self, work: Callable[[ChatStore], Page], show: Callable[[Page], None]) -> None:
        self._paging = True
        self.in_lane(work, show)

    def in_lane(self, work: Callable[[ChatStore], T], done: Callable[[T], None] = lambda _result: None) -> None:
        """A short call to the store, one after the other; `done` on the window's thread."""
        chats = self._services.chats
        in_background(self, lambda _token: work(chats()), done, self.failed.emit, self._lane)

    def close(self) -> None:
        self._lane.waitForDone(5000)

    @property
    def last_answer(self) -> Message | None:
        """The newest answer that has figures."""
        return next((each for each in reversed(self.messages) if each.stats and each.stats.prompt_tokens), None)

    @property
    def unanswered(self) -> Message | None:
        """The question at the end, if nobody answers it."""
        end = self.messages[-1] if self.messages and self.last >= self.total else None
        return end if end is not None and end.role is Role.USER and end.state is State.DONE else None


def head_of(store: ChatStore, number: int) -> Conversation | None:
    """None if it was deleted meanwhile."""
    try:
        return store.conversations.get(number)
    except ModelyardError as error:
        if error.code is Code.CHAT_MISSING:
            return None
        raise
