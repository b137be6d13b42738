"""The ways between pages. A page asks; the window goes."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from ..errors import Action, ModelyardError
from ..modelfile.persona import Persona


class Place(StrEnum):
    """The views of the rail, in its order."""

    CHAT = "chat"
    MODELS = "models"
    PERSONAS = "personas"
    IMPORTS = "imports"
    SETTINGS = "settings"


class Routes(QObject):
    """Signals: go(Place), import_text(str) with a path, link or "" for the wizard's first page,
    chat_with(engine, model), models_changed(), toast(text), titled(text) with what the chat is about,
    mend(Action, ModelyardError) for error buttons that lead to another page, persona_wanted(Persona) to edit one that
    is not stored yet: then go(Place.PERSONAS); publish(InstalledModel)."""

    go = Signal(object)
    import_text = Signal(str)
    chat_with = Signal(str, str)
    models_changed = Signal()
    toast = Signal(str)
    titled = Signal(str)
    mend = Signal(object, object)
    persona_wanted = Signal(object)
    publish = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._persona: object | None = None
        self.persona_wanted.connect(self._keep_persona)

    def _keep_persona(self, persona: object) -> None:
        self._persona = persona

    def take_persona(self) -> Persona | None:
        """The persona somebody wanted to see since the last call; the personas page asks when it is shown."""
        persona, self._persona = self._persona, None
        return persona if isinstance(persona, Persona) else None

    def mend_error(self, action: Action, error: ModelyardError) -> None:
        self.mend.emit(action, error)
