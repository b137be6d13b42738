"""For those who know why: the template, Ollama's own renderer and parser, its version, settings of the computer."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit

from ...modelfile.persona import Persona
from ..context import Context
from ..design.tokens import Space
from ..widgets.labels import Text
from ..widgets.layout import column
from .field import Field, headed, put_text, text_field
from .settings_field import SettingsField

_LINES = ("renderer", "parser", "requires")
_LONGEST = 60_000


class ExpertField(Field):
    def __init__(self, context: Context) -> None:
        super().__init__()
        words = context.words
        title, explained = words.command("template")
        self._template = text_field(title, 120)
        self._template.setAccessibleDescription(explained)
        self._template.textChanged.connect(lambda: self.say("template", template=self._template.toPlainText()))
        self._lines: dict[str, QLineEdit] = {}
        self._settings = SettingsField(context, expert=True)
        self._settings.said.connect(self._pass_on)
        body = column(
            headed(title, "TEMPLATE", Text(explained, "caption"), self._template, buddy=self._template), spacing=Space.L
        )
        for name in _LINES:
            title, explained = words.command(name)
            field = QLineEdit()
            field.setAccessibleName(title)
            field.setAccessibleDescription(explained)
            field.textEdited.connect(lambda text, name=name: self.say(name, **{name: text.strip()}))
            self._lines[name] = field
            body.addLayout(headed(title, name.upper(), field, Text(explained, "caption"), buddy=field))
        body.addWidget(self._settings)
        self.setLayout(body)

    def show_persona(self, persona: Persona) -> None:
        super().show_persona(persona)
        long = len(persona.template) > _LONGEST
        self._template.setReadOnly(long)
        put_text(self._template, persona.template[:2000] if long else persona.template)
        for name, field in self._lines.items():
            if field.text().strip() != getattr(persona, name):
                field.setText(getattr(persona, name))
        self._settings.show_persona(persona)

    def _pass_on(self, what: str, persona: Persona) -> None:
        self.say(what, parameters=persona.parameters)
