"""Chat: the list of conversations, the open one, and where one writes."""

from __future__ import annotations

from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QWidget

from ...chat.values import Conversation, Message, Role, State
from ...engines.base import InstalledModel
from ...errors import Action, Code, ModelyardError
from ...events import CancelToken
from ..background import Call, in_background
from ..context import Context
from ..design.tokens import Space
from ..first_paint import after_first_paint
from ..models.listing import Listing, can_chat, list_models, shown_name
from ..widgets.ask import ask
from ..widgets.buttons import button
from ..widgets.cards import EmptyState
from ..widgets.layout import centred, column, row
from .code_colours import warm_up
from .composer import Composer
from .conversation_list import ConversationList
from .empty import EmptyConversation
from .links import offer_link
from .message_views import AnswerMessage, UserMessage
from .session import Session
from .transcript import Transcript

_FOUND = 60  # conversations a search shows


class ChatView(QWidget):
    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("page")
        self.context = context
        self._listing = Listing(())
        self._wanted: tuple[str, str] | None = None  # engine and model to use as soon as they are listed
        self._call: Call | None = None
        self._answer: AnswerMessage | None = None
        self._last: AnswerMessage | None = None
        self._session = Session(context.services, self)
        self._list = ConversationList(context.icons)
        self._transcript = Transcript()
        self._composer = Composer(context.icons)
        self._empty = EmptyConversation(context)
        self._nothing = EmptyState(
            context.icons,
            "chat",
            self.tr("Bring a model home first"),
            self.tr("Drop a model file on this window, choose a folder, or give a Hugging Face link."),
            button(self.tr("Import a model"), lambda: context.routes.import_text.emit(""), "primary"),
        )
        self._stack = QStackedWidget()
        for each in (self._empty, self._transcript, self._nothing):
            self._stack.addWidget(each)
        self._foot = self._make_foot()
        right = column(self._stack, self._foot, spacing=0)
        right.setStretch(0, 1)
        whole = row(self._list, right, spacing=0)
        whole.setStretch(1, 1)
        self.setLayout(whole)
        self._connect()
        self.setFocusProxy(self._composer)
        after_first_paint(self, self._first_look)

    def _make_foot(self) -> QWidget:
        foot = QWidget()
        line = centred(column(self._composer), bottom=Space.L)
        line.setContentsMargins(Space.XL, 0, Space.XL, Space.L)
        foot.setLayout(line)
        return foot

    def _connect(self) -> None:
        session, composer = self._session, self._composer
        session.loaded.connect(self._show_conversation)
        session.asked.connect(self._show_question)
        session.answering.connect(self._show_answering)
        session.grew.connect(self._show_growth)
        session.answered.connect(self._show_answered)
        session.failed.connect(self._show_failure)
        session.changed.connect(self._list.show_one)
        session.changed.connect(lambda _conversation: self._entitle())
        session.draft_found.connect(self._take_draft)
        composer.sent.connect(session.ask)
        composer.draft.connect(session.keep_draft)
        composer.stop.connect(session.stop)
        composer.model_chosen.connect(self._use_model)
        self._empty.suggested.connect(composer.write)
        self._list.new.connect(self._begin_new)
        self._list.chosen.connect(self._open)
        self._list.searched.connect(lambda _text: self._ask_list())
        self._list.remove.connect(self._remove)
        self.context.routes.models_changed.connect(self._ask_models)
        QShortcut(QKeySequence(QKeySequence.StandardKey.New), self, self._begin_new)

    def _first_look(self) -> None:
        """After the first paint: what is installed, what was said."""
        self._ask_models()
        self._ask_list()
        in_background(self, lambda _token: warm_up(), lambda _done: None, lambda _error: None)

    # --- models ------------------------------------------------------------------------------------------------------
    def new_conversation(self, engine: str, model: str) -> None:
        """From another page: talk to this model."""
        self._wanted = (engine, model)
        self._begin_new()
        self._ask_models()

    def _ask_models(self) -> None:
        if self._call is not None:
            self._call.cancel()
        engines = self.context.services.engines
        look = in_background(self, lambda _token: list_models(engines()), self._show_models, self._show_failure)
        self._call = look

    def _show_models(self, listing: Listing) -> None:
        self._call = None
        self._listing = listing
        usable = [model for model in listing.models if can_chat(model)]
        current = self._session.model
        if self._wanted is not None:
            current = listing.find(*self._wanted) or current
            self._wanted = None
        if current is not None:
            current = listing.find(current.engine, current.name)
        self._use_model(current or (max(usable, key=lambda model: model.modified) if usable else None))
        self._show_conversation_or_nothing()

    def _use_model(self, model: InstalledModel | None) -> None:
        self._session.model = model
        self._composer.show_models([each for each in self._listing.models if can_chat(each)], model)

    # --- conversations -------------------------------------------------------------------------------------------
    def _ask_list(self) -> None:
        chats, words = self.context.services.chats, self._list.search

        def fetch(_token: CancelToken) -> list[Conversation]:
            store = chats()
            if not words:
                return store.conversations.list()
            numbers = dict.fromkeys(hit.conversation for hit in store.search(words, _FOUND))
            return [store.conversations.get(number) for number in numbers]

        def show(found: list[Conversation]) -> None:
            if words == self._list.search:
                self._list.show_all(found, self._session.conversation.id if self._session.conversation else None)

        in_background(self, fetch, show, self._show_failure)

    def _begin_new(self) -> None:
        self._list.unmark()
        self._session.begin_new()
        self._composer.setFocus()

    def _open(self, conversation: Conversation) -> None:
        if self._is_open(conversation):
            return
        self._session.open(conversation)
        model = self._listing.find(conversation.engine, conversation.model)
        if model is not None:
            self._use_model(model)
        self._composer.setFocus()

    def _is_open(self, conversation: Conversation) -> bool:
        return self._session.conversation is not None and self._session.conversation.id == conversation.id

    def _take_draft(self, text: str) -> None:
        if text and not self._composer.field.toPlainText():
            self._composer.write(text)

    def _remove(self, conversation: Conversation) -> None:
        question = self.tr("Delete this conversation?")
        if not ask(self, question, conversation.title, self.tr("Delete"), self.tr("Keep")):
            return
        if self._is_open(conversation):
            self._begin_new()
        chats, number = self.context.services.chats, conversation.id

        def delete(_token: CancelToken) -> None:
            chats().conversations.delete(number)

        in_background(self, delete, lambda _done: self._ask_list(), self._show_failure)

    # --- what is shown -------------------------------------------------------------------------------------------
    def _show_conversation_or_nothing(self) -> None:
        if self._session.messages or self._session.busy:
            self._stack.setCurrentWidget(self._transcript)
        elif any(can_chat(model) for model in self._listing.models):
            self._stack.setCurrentWidget(self._empty)
        elif self._call is None:
            self._stack.setCurrentWidget(self._nothing)
        self._foot.setVisible(self._stack.currentWidget() is not self._nothing)

    def _show_conversation(self) -> None:
        self._transcript.empty()
        self._answer = self._last = None
        self._composer.set_busy(False)
        for message in self._session.messages:
            self._show_message(message)
        self._show_conversation_or_nothing()
        self._entitle()
        self._transcript.follow()

    def _entitle(self) -> None:
        conversation = self._session.conversation
        self.context.routes.titled.emit(conversation.title if conversation else "")

    def _show_message(self, message: Message) -> None:
        """A message from the store, as it rests there."""
        if message.role is Role.USER:
            self._transcript.add(UserMessage(message.content))
            return
        if message.content or message.state is not State.FAILED:
            self._add_answer(message.model).show_whole(message)
        if message.state is State.FAILED and message is self._session.messages[-1]:
            self._add_panel(_error_of(message))

    def _show_question(self, text: str) -> None:
        self._stack.setCurrentWidget(self._transcript)
        self._transcript.add(UserMessage(text))
        self._transcript.follow()

    def _show_answering(self) -> None:
        self._composer.set_busy(True)
        model = self._session.model
        self._answer = self._add_answer(model.name if model else "")
        self._transcript.follow()

    def _show_growth(self, text: str, thinking: str) -> None:
        if self._answer is not None:
            self._answer.grow(text, thinking)

    def _show_answered(self, message: Message) -> None:
        self._composer.set_busy(False)
        if self._answer is not None:
            self._answer.end(message)
            self._answer = None

    def _show_failure(self, error: ModelyardError) -> None:
        """Errors stand in the conversation, where the work stands."""
        self._composer.set_busy(False)
        if self._answer is not None:
            if self._answer.view.text:
                self._answer.end(None)
            else:
                self._transcript.take_away(self._answer)
                self._last = None
            self._answer = None
        self._add_panel(error)

    def _add_panel(self, error: ModelyardError) -> None:
        panel = self.context.error_panel(error)

        def mend(action: Action) -> None:
            self._transcript.take_away(panel)
            if action is Action.RETRY:
                self._session.again()
            else:
                self.context.routes.mend_error(action, error)

        panel.action.connect(mend)
        self._transcript.add(panel)
        self._stack.setCurrentWidget(self._transcript)
        self._transcript.follow()

    def _add_answer(self, model: str) -> AnswerMessage:
        known = next((each for each in self._listing.models if each.name == model), None)
        if self._last is not None:
            self._last.set_last(False)
        made = AnswerMessage(self.context, shown_name(known) if known else model)
        made.link.connect(lambda url: offer_link(self, url))
        made.again.connect(self._session.again)
        made.other.connect(self._session.switch)
        self._transcript.add(made)
        self._last = made
        return made

    def closeEvent(self, event: QCloseEvent) -> None:
        self._session.close()


def _error_of(message: Message) -> ModelyardError:
    """The error a failed answer was kept with."""
    fields = dict(message.error or {})
    try:
        return ModelyardError(Code(str(fields.pop("code", ""))), **fields)
    except ValueError:
        return ModelyardError(Code.INTERNAL, detail=str(fields))
