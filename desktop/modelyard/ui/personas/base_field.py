"""Which model the persona builds on: one of those that are here, or any name."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter

from ...engines.base import InstalledModel
from ...modelfile.persona import Persona
from ..context import Context
from ..models.listing import shown_name
from ..models.wording import engine_name
from ..widgets.labels import Text
from ..widgets.layout import column
from .field import Field, headed


class BaseField(Field):
    """Signals: picked(InstalledModel) when one of the list is chosen: the name alone does not say in which engine."""

    picked = Signal(object)

    def __init__(self, context: Context) -> None:
        super().__init__()
        title, explained = context.words.command("from")
        self._box = QComboBox()
        self._box.setEditable(True)
        self._box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._box.completer().setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self._box.completer().setFilterMode(Qt.MatchFlag.MatchContains)
        self._box.setAccessibleName(title)
        self._box.lineEdit().setAccessibleName(title)
        self._box.setAccessibleDescription(explained)
        self._models: Sequence[InstalledModel] = ()
        self._box.activated.connect(self._pick)
        self._box.lineEdit().textEdited.connect(lambda text: self.say("base", base=text.strip()))
        self._box.setMinimumContentsLength(12)
        self._box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setLayout(column(headed(title, "FROM", self._box, Text(explained, "caption"), buddy=self._box)))

    def _pick(self, index: int) -> None:
        if 0 <= index < len(self._models):
            self.picked.emit(self._models[index])
            self.say("base", base=self._models[index].name)
            self.show_persona(self.persona)

    def show_models(self, models: Sequence[InstalledModel]) -> None:
        self._models = models
        with QSignalBlocker(self._box):
            self._box.clear()
            for model in models:
                where = engine_name(model.engine)
                self._box.addItem(f"{shown_name(model)} · {where}")
            self._box.setCurrentIndex(-1)
        self.show_persona(self.persona)

    def show_persona(self, persona: Persona) -> None:
        super().show_persona(persona)
        if self._box.lineEdit().text().strip() != persona.base:
            with QSignalBlocker(self._box):
                self._box.setCurrentIndex(-1)
                self._box.setEditText(persona.base)
