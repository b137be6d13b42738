"""A message of the model."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QUrl, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from ...chat.values import Message, State
from ..context import Context
from ..design.tokens import Space
from ..widgets.buttons import button, icon_button
from ..widgets.labels import Text
from ..widgets.layout import column, row
from .answer_figures import AnswerFigures
from .asking import Piece
from .flow import Flow
from .long_text import LongText
from .rendering.look import Look
from .thinking import Thinking
from .versions import Versions


class AnswerMessage(Flow):
    """What the model wrote.

    Signals: link(QUrl), again(Message), resume(Message), delete(Message), other(message id), chosen(message id) when
    it stands beside another answer and is preferred.

    Attributes: message; text and view, what is shown of it; versions.
    """

    link = Signal(QUrl)
    again = Signal(object)
    resume = Signal(object)
    delete = Signal(object)
    other = Signal(int)
    chosen = Signal(int)

    def __init__(self, context: Context, look: Look, message: Message, name: str) -> None:
        super().__init__()
        self._context = context
        self.message = message
        self._name = name
        self._possible = self._free = True
        icons = context.icons
        self._look = look
        self._thinking: Thinking | None = None  # most answers have none
        self._waiting = Text(self.tr("Reading your message …"), "muted")
        self.text = LongText(look)
        self.view = self.text.view
        self.view.setAccessibleName(name)
        self.view.link.connect(self.link)
        self.text.hide()
        self.versions = Versions(icons)
        self.versions.chosen.connect(self.other)
        self._copy = icon_button(icons, "copy", self.tr("Copy answer"), self.copy, size=16)
        self._again = icon_button(icons, "retry", self.tr("Answer once more"), self._ask_again, size=16)
        self._more = icon_button(icons, "more", self.tr("More"), self._menu, size=16)
        self._choose: QPushButton | None = None  # made when offered
        self._resume: QPushButton | None = None
        self._figures = AnswerFigures(context)
        self._tools = QWidget()
        line = row(self.versions, self._copy, self._again, self._more, self._figures.button, None, spacing=2)
        self._offers = row(None, spacing=2)
        self._tools.setLayout(column(line, self._offers, spacing=0))
        self._tools.hide()
        self._state = Text("", "caption")
        self._state.hide()
        head = Text(name, "caption", wrap=False)
        self._body = column(
            head,
            self._waiting,
            self.text,
            self._state,
            self._tools,
            self._figures.panel,
            spacing=Space.XS,
        )
        self.setLayout(self._body)

    # --- content -------------------------------------------------------------------------------------------------
    def show_whole(self, message: Message) -> None:
        """An answer as it rests in the store."""
        self.message = message
        if message.thinking:
            self._think().set_text(message.thinking, message.stats.thinking_seconds if message.stats else 0.0)
        self.text.set_text(message.content)
        self._rest()

    def show_so_far(self, piece: Piece) -> None:
        """An answer that is being made, seen again."""
        self.text.set_text("")
        self.grow(piece)

    def grow(self, piece: Piece) -> None:
        if piece.thinking:
            self._waiting.hide()
            self._think().grow(piece.thinking)
        if piece.text:
            if self.text.isHidden():
                self._waiting.hide()
                if self._thinking is not None:
                    self._thinking.end(piece.seconds)
                self.text.show()
            self.view.append(piece.text)
        elif self.view.waiting:
            self.view.append("")

    def end(self, message: Message) -> None:
        """The answer is complete, was stopped, or failed."""
        self.message = message
        if self.view.text == message.content:
            self.view.finish()
        else:
            self.text.set_text(message.content)
        if self._thinking is not None:
            self._thinking.end(message.stats.thinking_seconds if message.stats else 0.0)
        self._rest()

    def _think(self) -> Thinking:
        if self._thinking is None:
            self._thinking = Thinking(self._context, self._look)
            self._body.insertWidget(1, self._thinking)
        return self._thinking

    def continues(self) -> None:
        """It goes on growing."""
        for each in (self._tools, self._state, self._figures.panel):
            each.hide()
        self.view.go_on()

    def offer_choice(self) -> None:
        """It stands beside another answer to the same question."""
        if self._choose is None:
            text = self.tr("Go on from here")
            self._choose = button(text, lambda: self.chosen.emit(self.message.id), "link")
            self._offers.insertWidget(0, self._choose)
        self._again.hide()
        self.versions.hide()

    def set_asking(self, possible: bool, *, changing: bool) -> None:
        """Whether a model can be asked just now; whether what was said can be changed."""
        self._possible, self._free = possible, changing
        for each in (self._again, self._resume):
            if each is not None:
                each.setEnabled(possible)
        for other in (self.versions, self._choose):
            if other is not None:
                other.setEnabled(changing)

    def _rest(self) -> None:
        message = self.message
        self._waiting.hide()
        self.text.setVisible(bool(message.content))
        self.text.look_again()
        self._tools.show()
        self.versions.show_message(message)
        if self._choose is not None:
            self.versions.hide()  # the other version stands beside it
        self._figures.show_message(message)
        state = self._ending(message)
        self._state.setText(state)
        self._state.setVisible(bool(state))
        self._offer_resume(bool(state) and bool(message.content) and message.state is not State.FAILED)
        self.view.setAccessibleName(self.tr("{name}: {text}").format(name=self._name, text=message.content[:2000]))

    def _offer_resume(self, wanted: bool) -> None:
        if wanted and self._resume is None:
            self._resume = button(self.tr("Continue"), lambda: self.resume.emit(self.message), "quiet")
            self._resume.setEnabled(self._possible)
            self._offers.insertWidget(0, self._resume)
        if self._resume is not None:
            self._resume.setVisible(wanted)

    def _ending(self, message: Message) -> str:
        match message.state:
            case State.STOPPED:
                return self.tr("You stopped this answer.")
            case State.INTERRUPTED:
                return self.tr("Modelyard ended while this was being written. What had arrived was kept.")
            case State.DONE if message.stats is not None and message.stats.reason == "length":
                return self.tr("The longest length was reached.")
            case State.DONE if not message.content:
                return self.tr("The model said nothing.")
        return ""

    # --- tools ---------------------------------------------------------------------------------------------------
    def copy(self) -> None:
        """The answer as Markdown."""
        QGuiApplication.clipboard().setText(self.view.text)
        self._context.routes.toast.emit(self.tr("Copied"))

    def _copy_plain(self) -> None:
        QGuiApplication.clipboard().setText(self.view.plain_text())
        self._context.routes.toast.emit(self.tr("Copied"))

    def _ask_again(self) -> None:
        self.again.emit(self.message)

    def _menu(self) -> None:
        menu = QMenu(self)
        menu.addAction(self.tr("Copy as Markdown"), self.copy)
        menu.addAction(self.tr("Copy as plain text"), self._copy_plain)
        menu.addSeparator()
        menu.addAction(self.tr("Delete from here on"), lambda: self.delete.emit(self.message)).setEnabled(self._free)
        menu.exec(self._more.mapToGlobal(QPoint(0, self._more.height())))
        menu.deleteLater()
