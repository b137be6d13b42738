"""Role and rules: the system prompt, in as much room as one needs to write it well."""

from __future__ import annotations

from ...modelfile.persona import Persona
from ..context import Context
from ..widgets.labels import Text
from ..widgets.layout import column
from .field import Field, headed, put_text, text_field

_LONGEST = 60_000  # characters; longer ones are edited as text, where only what is on screen costs time
_HEIGHT = 190


class RoleField(Field):
    def __init__(self, context: Context) -> None:
        super().__init__()
        title, explained = context.words.command("system")
        self._text = text_field(title, _HEIGHT)
        self._text.setAccessibleDescription(explained)
        self._text.setPlaceholderText(
            self.tr("You are Mario from Super Mario Bros. You speak in short, lively sentences …")
        )
        self._text.textChanged.connect(lambda: self.say("system", system=self._text.toPlainText()))
        self.setFocusProxy(self._text)
        self._long = Text(self.tr("This text is very long. Edit it in the Modelfile at the right."), "muted")
        self._long.hide()
        self.setLayout(
            column(headed(title, "SYSTEM", Text(explained, "caption"), self._text, self._long, buddy=self._text))
        )

    def show_persona(self, persona: Persona) -> None:
        super().show_persona(persona)
        long = len(persona.system) > _LONGEST
        self._text.setReadOnly(long)
        self._long.setVisible(long)
        put_text(self._text, persona.system[:2000] if long else persona.system)
