"""Chat: the list of conversations, the open one, where one writes, and what it is set to."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QWidget

from ...chat.values import Conversation, Draft, Message, NewAttachment
from ...errors import Action, Code, ModelyardError
from ...modelfile.persona import Persona
from ..background import in_background
from ..context import Context
from ..design.tokens import Space
from ..first_paint import after_first_paint
from ..routes import Place
from ..widgets.buttons import button
from ..widgets.cards import EmptyState
from ..widgets.layout import centred, column, row
from .answering import AnswerThread
from .attachment_chip import AttachmentChip
from .board import Board
from .composer import Composer
from .conversation_list import ConversationList
from .drop_files import FileTaker
from .empty import EmptyConversation
from .field import attachable
from .header import Header
from .keys_stay import KeysStay
from .library import Library
from .making_room import MakingRoom
from .markdown.code_colours import warm_up
from .model_choice import ModelChoice
from .notice_bar import NoticeBar
from .notices import Notices
from .options_panel import OptionsPanel
from .session import Session, head_of
from .shortcuts import set_shortcuts, show_shortcuts
from .transcript import Transcript


class ChatView(QWidget):
    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAcceptDrops(True)
        self.context = context
        self._answers = context.answers
        self._session = Session(context.services, self._answers, self)
        self._list = ConversationList(context.icons)
        self._library = Library(context, self._list, self._session, self)
        self._header = Header(context)
        self._transcript = Transcript(context.icons)
        self._models = ModelChoice(context, self._session, self)
        self._board = Board(context, self._session, self._transcript, self._models.name_of)
        self._composer = Composer(context)
        self._notice = NoticeBar(context.icons)
        self._notices = Notices(context, self._session, self._notice, self._header.gauge, self._composer)
        self._files = FileTaker(self)
        self._panel = OptionsPanel(context)
        self._panel.hide()
        MakingRoom(self, self._list, self._panel)
        self._empty = EmptyConversation(context)
        self._nothing = EmptyState(
            context.icons,
            "chat",
            self.tr("Bring a model home first"),
            self.tr("Drop a model file on this window, choose a folder, or give a Hugging Face link."),
            button(self.tr("Import a model"), lambda: context.routes.import_text.emit(""), "primary"),
        )
        self._stack = QStackedWidget()
        self._stack.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)  # rail and panel come first
        for each in (self._empty, self._transcript, self._nothing):
            self._stack.addWidget(each)
        self._foot = self._make_foot()
        middle = column(self._header, self._stack, self._foot, spacing=0)
        middle.setStretch(1, 1)
        whole = row(self._list, middle, self._panel, spacing=0)
        whole.setStretch(1, 1)
        self.setLayout(whole)
        self._connect()
        self._connect_keys()
        KeysStay(self, self._composer.field)
        after_first_paint(self, self._first_look)

    def setFocus(self, *reason: Qt.FocusReason) -> None:
        """To where one writes. With a focus proxy instead, Tab would pass over all that stands before it."""
        self._composer.setFocus(*reason)

    def _make_foot(self) -> QWidget:
        foot = QWidget()
        line = centred(column(self._notice, self._composer, spacing=Space.S), bottom=Space.L)
        line.setContentsMargins(Space.XL, Space.S, Space.XL, Space.L)
        foot.setLayout(line)
        return foot

    def _connect(self) -> None:
        session, composer, board = self._session, self._composer, self._board
        session.loaded.connect(self._show_conversation)
        session.kept.connect(self._question_kept)
        session.changed.connect(self._head_changed)
        session.failed.connect(self._show_failure)
        session.ended.connect(self._give_back)
        session.busy_changed.connect(self._busy_changed)
        session.draft_found.connect(self._show_draft)
        self._answers.tick.connect(board.grow)
        self._answers.ended.connect(self._answer_ended)
        board.mend.connect(self._mend)
        board.edit_ended.connect(composer.setFocus)
        board.cut.connect(self._library.cut)
        composer.sent.connect(self._send)
        composer.draft.connect(session.keep_draft)
        composer.stop.connect(session.stop)
        composer.model_chosen.connect(self._models.use)
        composer.attach.connect(self._files.choose)
        composer.detached.connect(session.detach)
        composer.field.dropped.connect(self._take)
        composer.field.back.connect(self._edit_last)
        self._files.taken.connect(self._attach)
        self._files.failed.connect(self._show_failure)
        self._files.busy.connect(composer.say)
        self._empty.suggested.connect(self._suggest)
        self._list.new.connect(self._begin_new)
        self._library.opened.connect(self._open)
        self._library.gone.connect(self._gone)
        self._library.failed.connect(self._show_failure)
        self._models.changed.connect(self._models_changed)
        self._models.wanted.connect(self._begin_new)
        self._models.failed.connect(self._show_failure)
        self._models.own.connect(lambda own: self._panel.show_model(session.model, own))
        self._notices.choose_model.connect(composer.open_model_menu)
        header, panel = self._header, self._panel
        header.settings.connect(self._toggle_panel)
        header.keys.connect(lambda: show_shortcuts(self))
        header.load.connect(self._library.load)
        header.rename.connect(lambda: self._with_open(self._library.rename))
        header.pin.connect(lambda: self._with_open(self._library.pin))
        header.delete.connect(lambda: self._with_open(self._library.remove))
        header.export.connect(lambda kind: self._with_open(lambda head: self._library.export(head, kind)))
        panel.changed.connect(lambda system, options: session.settle(system=system, options=options))
        panel.closed.connect(self._toggle_panel)
        panel.choose_model.connect(composer.open_model_menu)
        panel.persona.connect(self._make_persona)

    def _connect_keys(self) -> None:
        keys = set_shortcuts(
            self,
            {
                "new": self._begin_new,
                "search": self._search,
                "next": lambda: self._list.step(1),
                "before": lambda: self._list.step(-1),
                "rename": lambda: self._with_open(self._library.rename),
                "write": self._composer.setFocus,
                "edit": self._edit_last,
                "again": self._ask_again,
                "stop": self._session.stop,
                "copy": self._copy_last,
                "newest": self._transcript.follow,
                "model": self._composer.open_model_menu,
                "settings": self._toggle_panel,
                "attach": self._files.choose,
                "export": lambda: self._with_open(lambda head: self._library.export(head, "markdown")),
                "keys": lambda: show_shortcuts(self),
            },
        )
        self._stop_key = keys["stop"]
        self._stop_key.setEnabled(False)

    def _first_look(self) -> None:
        """After the first paint: what is installed, what was said."""
        self._session.begin_new()
        self._models.refresh()
        self._library.refresh()
        before = self._answers.shown
        if before:
            self._session.in_lane(lambda store: head_of(store, before), self._open_again)
        self._notices.look_at_store()
        in_background(self, lambda _token: warm_up(), lambda _done: None, lambda _error: None)

    def _look_again(self) -> None:
        """The store could not be read a moment ago."""
        self._library.refresh()
        if self._session.number:
            self._session.reload()
        else:
            self._session.begin_new()

    # --- which conversation ----------------------------------------------------------------------------------------
    def new_conversation(self, engine: str, model: str) -> None:
        """From another page: talk to this model."""
        self._models.want(engine, model)

    def _begin_new(self) -> None:
        self._leave()
        self._list.unmark()
        self._session.begin_new()
        self._composer.setFocus()

    def _open(self, conversation: Conversation, message: int) -> None:
        if self._session.number == conversation.id and not message:
            return
        self._leave()
        self._session.open(conversation, message)
        self._models.use_of(conversation)
        self._composer.setFocus()

    def _open_again(self, conversation: Conversation | None) -> None:
        """The window before looked at it."""
        if conversation is not None and not self._session.number and not self._session.busy:
            self._open(conversation, 0)

    def _leave(self) -> None:
        """What was typed or changed and not kept yet is kept."""
        self._composer.flush()
        self._panel.flush()
        self._composer.write("")
        self._composer.show_attachments(())

    def _gone(self, number: int) -> None:
        for thread in self._answers.of(number):
            thread.stop()
        if number == self._session.number:
            self._begin_new()

    def _with_open(self, act: Callable[[Conversation], object]) -> None:
        if self._session.conversation is not None:
            act(self._session.conversation)

    def _head_changed(self, conversation: Conversation) -> None:
        if not self._library.hidden(conversation):
            self._list.show_one(conversation, self._session.number)
        if conversation.id == self._session.number:
            self._header.show_conversation(conversation)
            self._panel.show_values(conversation.system, conversation.options)

    # --- what is shown -------------------------------------------------------------------------------------------
    def _show_conversation(self) -> None:
        session = self._session
        self._header.show_conversation(session.conversation)
        head = session.conversation
        if head is not None:
            self._panel.show_values(head.system, head.options)
        else:
            self._panel.show_values(session.new_system, session.new_options)
        self._show_stack()

    def _show_stack(self) -> None:
        session = self._session
        if session.messages or session.busy or session.number:
            self._stack.setCurrentWidget(self._transcript)
        elif self._models.usable or not self._models.known:
            self._stack.setCurrentWidget(self._empty)
        else:
            self._stack.setCurrentWidget(self._nothing)
        nothing = self._stack.currentWidget() is self._nothing
        self._foot.setVisible(not nothing)
        self._header.setVisible(not nothing)

    def _models_changed(self) -> None:
        self._composer.show_models(self._models.usable, self._session.model)
        self._panel.show_model(self._session.model)
        self._notices.refresh()
        self._show_stack()
        self._busy_changed()

    def _busy_changed(self) -> None:
        busy = self._session.busy
        self._composer.set_busy(busy)
        self._stop_key.setEnabled(busy)
        self._list.show_busy(self._answers.busy)
        self._notices.refresh()
        if busy:
            self._stack.setCurrentWidget(self._transcript)

    def _answer_ended(self, *_ending: object) -> None:
        """In any conversation. A method, not a lambda: the answers outlive this view, which Qt lets go then."""
        self._busy_changed()

    def _show_draft(self, draft: Draft) -> None:
        if draft.text and not self._composer.field.toPlainText():
            self._composer.write(draft.text)
        for chip in self._composer.show_attachments(draft.attachments):
            self._board.load_picture(chip.property("attachment"), self._with_strip(chip))
        self._notices.refresh()

    def _with_strip(self, chip: AttachmentChip) -> Callable[[QImage], None]:
        def show(image: QImage) -> None:
            chip.show_picture(image)
            self._composer.fit_strip()

        return show

    def _show_failure(self, error: ModelyardError) -> None:
        self._stack.setCurrentWidget(self._transcript)
        self._board.show_error(error)

    def _mend(self, action: Action, error: ModelyardError) -> None:
        if error.code in (Code.ENGINE_MODEL_MISSING, Code.ENGINE_NO_VISION, Code.ENGINE_NO_CHAT):
            self._composer.open_model_menu()
        elif error.code is Code.CHAT_IMPORT_INVALID:
            self._library.load()
        elif error.code in (Code.CHAT_ATTACHMENT_TOO_LARGE, Code.FILE_UNREADABLE, Code.FILE_MISSING):
            self._files.choose()
        elif error.code is Code.CHAT_STORE_BUSY:
            self._look_again()
        elif action is not Action.NONE:
            self.context.routes.mend_error(action, error)

    # --- talking -------------------------------------------------------------------------------------------------
    def _send(self, text: str) -> None:
        self._panel.flush()
        composer = self._composer
        self._session.ask(text, with_draft=bool(composer.attachments), second=composer.second)
        composer.write("")
        composer.show_attachments(())

    def _give_back(self, thread: AnswerThread, _message: Message | None, error: ModelyardError | None) -> None:
        """What could not be stored (a full disk) is not lost."""
        field = self._composer.field
        if error is not None and thread.question.text and not thread.stored and not field.toPlainText():
            self._composer.write(thread.question.text)
            self._session.find_draft()

    def _question_kept(self, _message: Message) -> None:
        self._show_stack()
        self._header.show_conversation(self._session.conversation)

    def _suggest(self, text: str) -> None:
        self._composer.write(text)
        self._composer.setFocus()

    def _ask_again(self) -> None:
        last = self._board.last_answer()
        if last is not None:
            self._session.again(last.message)

    def _edit_last(self) -> None:
        question = self._board.last_question()
        if question is not None and not self._session.busy:
            question.begin_edit()

    def _copy_last(self) -> None:
        last = self._board.last_answer()
        if last is not None:
            last.copy()

    def _toggle_panel(self) -> None:
        self._panel.flush()
        self._panel.setVisible(self._panel.isHidden())
        if self._panel.isVisible():
            self._models.ask_own()
            self._panel.setFocus()
        else:
            self._composer.setFocus()

    def _search(self) -> None:
        if self._list.isHidden():
            self._toggle_panel()  # it stands where the list was
        self._list.focus_search()

    def _make_persona(self, persona: Persona) -> None:
        self.context.routes.persona_wanted.emit(persona)
        self.context.routes.go.emit(Place.PERSONAS)

    def _attach(self, files: list[NewAttachment]) -> None:
        self._board.dismiss_error()  # that of a file before it
        self._show_stack()
        self._session.attach(files)

    # --- files -----------------------------------------------------------------------------------------------------
    def _take(self, data: QMimeData) -> None:
        paths = attachable(data)
        image = data.imageData() if not paths else None
        if paths:
            self._files.read(paths)
        elif isinstance(image, QImage) and not image.isNull():
            self._files.take_picture(image)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if attachable(event.mimeData()) and not self._foot.isHidden():
            event.acceptProposedAction()
        else:
            event.ignore()  # a model: the window imports it

    def dropEvent(self, event: QDropEvent) -> None:
        self._take(event.mimeData())
        event.acceptProposedAction()
        self._composer.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._leave()
        self._answers.shown = self._session.number
        self._board.rest()  # what comes now is for the next window
        self._files.close()
        self._library.close()
        self._session.close()
        self._board.close()
