"""Stop words: one line each; a line break inside one is shown as ⏎."""

from __future__ import annotations

from ...modelfile.persona import Persona
from ..context import Context
from ..widgets.labels import Text
from ..widgets.layout import column
from .field import Field, headed, put_text, text_field

_BREAK = "⏎"


class StopField(Field):
    def __init__(self, context: Context) -> None:
        super().__init__()
        title, explained = context.words.parameter("stop")
        self._text = text_field(title, 76)
        self._text.setAccessibleDescription(explained)
        self._text.setPlaceholderText(self.tr("One a line, for example:\nUser:"))
        self._text.textChanged.connect(self._changed)
        self.setLayout(column(headed(title, "stop", Text(explained, "caption"), self._text, buddy=self._text)))

    def show_persona(self, persona: Persona) -> None:
        super().show_persona(persona)
        if self._words() != self._said():
            put_text(self._text, "\n".join(word.replace("\n", _BREAK) for word in self._said()))

    def _said(self) -> tuple[str, ...]:
        value = self.persona.parameters.get("stop")
        return value if isinstance(value, tuple) else ()

    def _words(self) -> tuple[str, ...]:
        return tuple(line.replace(_BREAK, "\n") for line in self._text.toPlainText().split("\n") if line)

    def _changed(self) -> None:
        words = self._words()
        if words != self._said():
            self.say_parameter("stop", words or None)
