"""Example messages: a short conversation that the model takes as a pattern."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFrame

from ...modelfile.persona import ExampleMessage, Persona
from ...modelfile.scanner import ROLES
from ..context import Context
from ..design.tokens import Space
from ..widgets.buttons import button, icon_button
from ..widgets.labels import Text
from ..widgets.layout import column, row
from .field import Field, headed, put_text, text_field

_MOST_SHOWN = 24
_LONGEST = 20_000


class MessagesField(Field):
    """`watch` is called with every row that is made (its fields' undo is the editor's)."""

    def __init__(self, context: Context, watch: Callable[[QFrame], object]) -> None:
        super().__init__()
        self._context = context
        self._watch = watch
        self._rows: list[_Row] = []
        title, explained = context.words.command("message")
        self._list = column(spacing=Space.S)
        self._more = Text("", "muted")
        self._more.hide()
        self._add = button(self.tr("Add a question and an answer"), self._add_pair)
        self.setLayout(
            column(headed(title, "MESSAGE", Text(explained, "caption"), self._list, self._more, self._add), spacing=0)
        )

    def show_persona(self, persona: Persona) -> None:
        super().show_persona(persona)
        shown = persona.messages[:_MOST_SHOWN]
        while len(self._rows) > len(shown):
            gone = self._rows.pop()
            self._list.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        while len(self._rows) < len(shown):
            made = _Row(self._context, len(self._rows), self._changed, self._remove)
            self._rows.append(made)
            self._list.addWidget(made)
            self._watch(made)
        for made, message in zip(self._rows, shown, strict=True):
            made.show_message(message)
        hidden = len(persona.messages) - len(shown)
        self._more.setVisible(hidden > 0)
        self._more.setText(self.tr("{n} more stand in the Modelfile at the right.").format(n=hidden))

    def _changed(self, number: int, message: ExampleMessage) -> None:
        messages = list(self.persona.messages)
        if number < len(messages) and messages[number] != message:
            messages[number] = message
            self.say(f"message {number}", messages=tuple(messages))

    def _remove(self, number: int) -> None:
        messages = list(self.persona.messages)
        del messages[number]
        self.say("messages", messages=tuple(messages))

    def _add_pair(self) -> None:
        pair = (ExampleMessage("user", ""), ExampleMessage("assistant", ""))
        number = len(self.persona.messages)
        self.say("messages", messages=(*self.persona.messages, *pair))
        if number < len(self._rows):
            self._rows[number].begin()


class _Row(QFrame):
    """One message: who speaks, what is said."""

    def __init__(
        self,
        context: Context,
        number: int,
        changed: Callable[[int, ExampleMessage], None],
        remove: Callable[[int], None],
    ) -> None:
        super().__init__()
        self.setObjectName("well")
        self._number = number
        self._changed = changed
        self._role = QComboBox()
        for role in ROLES:
            self._role.addItem(context.words.label("speakers", role), role)
        self._role.setAccessibleName(self.tr("Speaker of message {n}").format(n=number + 1))
        self._role.activated.connect(lambda _index: self._tell())
        self._text = text_field(self.tr("Text of message {n}").format(n=number + 1), 58)
        self._text.textChanged.connect(self._tell)
        gone = icon_button(context.icons, "close", self.tr("Remove message {n}").format(n=number + 1), size=14)
        gone.clicked.connect(lambda _checked=False: remove(number))
        head = row(self._role, None, gone)
        head.setAlignment(gone, Qt.AlignmentFlag.AlignTop)
        self.setLayout(column(head, self._text, spacing=Space.XS, margin=Space.S))

    def begin(self) -> None:
        self._text.setFocus()

    def show_message(self, message: ExampleMessage) -> None:
        self._role.setCurrentIndex(max(0, self._role.findData(message.role)))
        long = len(message.content) > _LONGEST
        self._text.setReadOnly(long)
        put_text(self._text, message.content[:500] if long else message.content)

    def _tell(self) -> None:
        if not self._text.isReadOnly():
            self._changed(self._number, ExampleMessage(self._role.currentData(), self._text.toPlainText()))
