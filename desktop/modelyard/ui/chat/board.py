"""Puts the messages of the open conversation on the screen and keeps them in step with what happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from ...chat.values import Message, Role, State
from ...errors import Action, Code, ModelyardError
from ...events import CancelToken
from ..background import in_background
from ..context import Context
from ..widgets.error_panel import ErrorPanel
from .announce import announce
from .answer_message import AnswerMessage
from .answering import AnswerThread
from .links import offer_link
from .rendering.look import Look
from .session import Session
from .side_by_side import SideBySide
from .transcript import Transcript
from .user_message import UserMessage

_AT_ONCE = 4_000  # characters
MessageWidget = UserMessage | AnswerMessage


class Board(QObject):
    """Signals: mend(Action, ModelyardError) when an error's button was pressed that this cannot do itself;
    edit_ended() when a question was asked differently or left as it was; cut(Message) when it is to go, with
    everything behind it."""

    mend = Signal(object, object)
    edit_ended = Signal()
    cut = Signal(object)

    def __init__(
        self, context: Context, session: Session, transcript: Transcript, name_of: Callable[[Message], str]
    ) -> None:
        """`name_of`: how the model of an answer is called."""
        super().__init__(transcript)
        self._context = context
        self._session = session
        self._transcript = transcript
        self._name_of = name_of
        self.look = Look(context.theme, self)
        self._widgets: dict[int, MessageWidget] = {}
        self._live: dict[AnswerThread, AnswerMessage] = {}
        self._panel: ErrorPanel | None = None
        session.loaded.connect(self._load)
        session.older.connect(self._put_older)
        session.newer.connect(self._put_newer)
        session.kept.connect(self._put_question)
        session.begun.connect(self._put_growing)
        session.ended.connect(self._end)
        session.busy_changed.connect(self._allow_asking)
        session.renewed.connect(self._renew)
        transcript.near_top.connect(session.fetch_older)
        transcript.near_bottom.connect(session.fetch_newer)
        transcript.dropped.connect(self._dropped)
        transcript.end_wanted.connect(self._go_to_end)

    # --- messages ------------------------------------------------------------------------------------------------
    def _load(self) -> None:
        there = [each for each in self._transcript.items if isinstance(each, (UserMessage, AnswerMessage))]
        step = max((widget.versions.focused_step for widget in there), key=abs, default=0)
        self._transcript.empty()
        self._widgets.clear()
        self._live.clear()
        self._panel = None
        shown = self._session.messages
        start = 0 if self._session.marked else _first_at_once(shown)
        for message in shown[start:]:
            self._transcript.add(self._make(message))
        self._put_older(shown[:start])
        last = self._session.messages[-1] if self._session.messages else None
        failed = last is not None and last.state is State.FAILED and self._session.last >= self._session.total
        if last is not None and failed and last.error:  # an imported conversation does not say why
            self.show_error(_error_of(last), last)
        self._allow_asking()
        marked = self._widgets.get(self._session.marked)
        if marked is not None:
            self._transcript.show_widget(marked)
            marked.versions.take_focus(step)
        else:
            self._transcript.follow()

    def _make(self, message: Message) -> MessageWidget:
        made = self._make_user(message) if message.role is not Role.ASSISTANT else self._make_answer(message)
        self._widgets[message.id] = made
        self._allow(made)
        return made

    def _make_user(self, message: Message) -> UserMessage:
        made = UserMessage(self._context, message, self.load_picture)
        made.edited.connect(self._session.edit)
        made.edit_ended.connect(self.edit_ended)
        made.other.connect(self._session.switch)
        made.delete.connect(self.cut)
        return made

    def _make_answer(self, message: Message) -> AnswerMessage:
        made = AnswerMessage(self._context, self.look, message, self._name_of(message))
        made.link.connect(lambda url: offer_link(self._transcript, url))
        made.again.connect(self._session.again)
        made.resume.connect(self._session.resume)
        made.other.connect(self._session.switch)
        made.chosen.connect(self._session.switch)
        made.delete.connect(self.cut)
        thread = next((each for each in self._session.growing if each.answer == message.id), None)
        if thread is not None:
            made.show_so_far(thread.take(again=True))
            self._live[thread] = made
        else:
            made.show_whole(message)
        return made

    def _put_older(self, messages: list[Message]) -> None:
        self._transcript.put_above([lambda message=message: self._make(message) for message in messages])

    def _put_newer(self, messages: list[Message]) -> None:
        for message in messages:
            self._transcript.add(self._make(message))
        self._transcript.show_added()
        self._transcript.trim()
        self._transcript.look_up()  # what was wanted above had to wait for this

    def _go_to_end(self) -> None:
        """The newest messages may have left memory."""
        if self._session.last < self._session.total:
            self._session.reload()

    def _dropped(self, oldest: int, newest: int) -> None:
        shown = self._session.messages
        for message in [*shown[:oldest], *(shown[-newest:] if newest else [])]:
            self._widgets.pop(message.id, None)
        self._session.forget(oldest=oldest, newest=newest)

    # --- answers that grow ---------------------------------------------------------------------------------------
    def _put_question(self, message: Message) -> None:
        self.dismiss_error()
        self._transcript.add(self._make(message))
        self._transcript.follow()

    def _put_growing(self, thread: AnswerThread, message: Message) -> None:
        self.dismiss_error()
        if thread in self._live:
            return  # it was found in the store already
        known = self._widgets.get(message.id)
        if isinstance(known, AnswerMessage):  # it goes on
            known.continues()
            self._live[thread] = known
        else:
            self._put_answer(message, left=thread.question.settle)
        self._transcript.follow()

    def _put_answer(self, message: Message, *, left: bool) -> None:
        """Of two answers to the same question that are made together, one goes beside the other."""
        other = next(
            (
                widget
                for widget in self._transcript.items
                if isinstance(widget, AnswerMessage) and widget.message.parent == message.parent
            ),
            None,
        )
        made = self._make(message)
        if other is None or not isinstance(made, AnswerMessage):
            self._transcript.add(made)
            return
        holder = QWidget()
        self._transcript.swap(other, holder)
        self._transcript.replace(holder, SideBySide(made, other) if left else SideBySide(other, made))

    def grow(self) -> None:
        """Thirty times a second."""
        for thread, widget in self._live.items():
            widget.grow(thread.take())

    def rest(self) -> None:
        """Lets what grows grow without showing it."""
        self._live.clear()

    def _end(self, thread: AnswerThread, message: Message | None, error: ModelyardError | None) -> None:
        widget = self._live.pop(thread, None)
        if widget is not None and message is not None:
            widget.grow(thread.take())
            widget.end(message)
            announce(widget, self._spoken(widget, message))
        if error is not None:
            if widget is not None and message is not None and not message.content:
                widget.hide()
            self.show_error(error, message)
        self._transcript.trim()

    def _spoken(self, widget: AnswerMessage, message: Message) -> str:
        name = self._name_of(message)
        return self.tr("{name} answered: {text}").format(name=name, text=widget.view.plain_text())

    def _allow_asking(self) -> None:
        for widget in self._widgets.values():
            self._allow(widget)

    def _allow(self, widget: MessageWidget) -> None:
        free = not self._session.busy
        widget.set_asking(free and self._session.model is not None, changing=free)

    def _renew(self, message: Message) -> None:
        widget = self._widgets.get(message.id)
        if widget is not None:
            widget.message = message
            widget.versions.show_message(message)

    # --- errors --------------------------------------------------------------------------------------------------
    def show_error(self, error: ModelyardError, answer: Message | None = None) -> None:
        """Errors stand in the conversation, where the work stands."""
        self.dismiss_error()
        panel = self._panel = self._context.error_panel(error)

        def act(action: Action) -> None:
            self.dismiss_error()
            if action is Action.RETRY and answer is not None:
                self._session.again(answer)
            elif action is Action.RETRY and self._session.unanswered is not None:
                self._session.answer(self._session.unanswered)
            else:
                self.mend.emit(action, error)

        panel.action.connect(act)
        panel.add_close(self.dismiss_error)
        self._transcript.add(panel)
        self._transcript.follow()
        announce(panel, panel.accessibleName())

    def dismiss_error(self) -> None:
        """Takes the error away that stands in the conversation."""
        if self._panel is not None:
            self._transcript.take_away(self._panel)
            self._panel = None

    # --- other -----------------------------------------------------------------------------------------------------
    def load_picture(self, attachment: int, show: Callable[[QImage], None]) -> None:
        """Fetches and decodes a picture in the background."""
        chats = self._context.services.chats

        def work(_token: CancelToken) -> QImage:
            return QImage.fromData(chats().messages.attachment_data(attachment))

        def shown(image: QImage) -> None:
            try:
                show(image)
            except RuntimeError:
                pass  # the message has left the screen meanwhile

        in_background(self, work, shown, lambda _error: None)

    def last_answer(self) -> AnswerMessage | None:
        found = [widget for widget in self._widgets.values() if isinstance(widget, AnswerMessage)]
        return max(found, key=lambda widget: widget.message.id) if found else None

    def last_question(self) -> UserMessage | None:
        found = [widget for widget in self._widgets.values() if isinstance(widget, UserMessage)]
        return max(found, key=lambda widget: widget.message.id) if found else None

    def close(self) -> None:
        self.look.formulas.close()


def _first_at_once(messages: Sequence[Message]) -> int:
    """From which place on a conversation that is opened is shown at once: about a screen full. The rest comes above."""
    room, place = _AT_ONCE, len(messages)
    while place > 0 and (room > 0 or place > len(messages) - 2):
        place -= 1
        room -= len(messages[place].content) + 200
    return place


def _error_of(message: Message) -> ModelyardError:
    """The error a failed answer was kept with."""
    fields = dict(message.error or {})
    try:
        return ModelyardError(Code(str(fields.pop("code", ""))), **fields)
    except ValueError:
        return ModelyardError(Code.INTERNAL, detail=str(fields))
