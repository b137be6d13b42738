"""One part of the form: it shows what a persona says and tells what a person makes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from ...modelfile.persona import ParameterValue, Persona
from ..design.tokens import Space
from ..widgets.labels import Text
from ..widgets.layout import Item, column, row


class Field(QWidget):
    """Signals: said(what, Persona) with the whole persona as it is now meant; `what` names the thing that changed.
    Attributes: persona, as last shown or said."""

    said = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.persona = Persona()

    def show_persona(self, persona: Persona) -> None:
        """Nothing is said by showing."""
        self.persona = persona

    def say(self, what: str, **changes: Any) -> None:
        self.persona = replace(self.persona, **changes)
        self.said.emit(what, self.persona)

    def say_parameter(self, name: str, value: ParameterValue | None) -> None:
        """None = the model's own."""
        parameters = {key: each for key, each in self.persona.parameters.items() if key != name}
        if value is not None:
            parameters[name] = value
        self.say(name, parameters=parameters)


def headed(title: str, technical: str, *items: Item, buddy: QWidget | None = None) -> QVBoxLayout:
    """Items under a plain name; the technical word stands small and grey beside it."""
    label = QLabel(title)
    label.setProperty("role", "strong")
    if buddy is not None:
        label.setBuddy(buddy)
    head = row(label, *([Text(technical, "caption", wrap=False)] if technical else []), None)
    return column(head, *items, spacing=Space.XS)


def text_field(name: str, height: int) -> QPlainTextEdit:
    """Several lines of text, without a history of its own."""
    made = QPlainTextEdit()
    made.setObjectName("field")
    made.setAccessibleName(name)
    made.setTabChangesFocus(True)
    made.setUndoRedoEnabled(False)
    made.setFixedHeight(height)
    return made


def put_text(field: QPlainTextEdit, text: str) -> None:
    """Shows another text and keeps the cursor where it stands, as far as the text still goes there."""
    if field.toPlainText() == text:
        return
    blocked = field.blockSignals(True)
    place, top = field.textCursor().position(), field.verticalScrollBar().value()
    field.setPlainText(text)
    cursor = field.textCursor()
    cursor.setPosition(min(place, field.document().characterCount() - 1), QTextCursor.MoveMode.MoveAnchor)
    field.setTextCursor(cursor)
    field.verticalScrollBar().setValue(top)
    field.blockSignals(blocked)
