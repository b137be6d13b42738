"""The other settings of a model, in plain words; what is about the computer stands with the expert ones."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QWidget

from ...modelfile.parameters import PARAMETERS, ParameterKind
from ...modelfile.persona import ParameterValue, Persona
from ...words.catalogue import Catalogue
from ..chat.option_rows import OptionRow
from ..context import Context
from ..design.tokens import Space
from ..widgets.labels import Text
from ..widgets.layout import column, row
from .completion import bounds
from .field import Field

_ELSEWHERE = ("temperature", "num_ctx", "stop")


class SettingsField(Field):
    """The rows of all settings that are expert ones, or of all that are not."""

    def __init__(self, context: Context, *, expert: bool) -> None:
        super().__init__()
        words = context.words
        self._rows: dict[str, OptionRow | _SwitchRow] = {}
        for name, parameter in PARAMETERS.items():
            if parameter.expert == expert and name not in _ELSEWHERE:
                made = _SwitchRow(words, name) if parameter.kind is ParameterKind.BOOL else OptionRow(words, name)
                made.changed.connect(lambda name=name, made=made: self.say_parameter(name, made.value))
                self._rows[name] = made
        body = column(spacing=Space.L)
        for name, made in self._rows.items():
            body.addLayout(column(made, Text(self._technical(name), "caption"), spacing=0))
        self.setLayout(body)

    def _technical(self, name: str) -> str:
        area, default = bounds(PARAMETERS[name])
        parts = [name, area]
        if default:
            parts.append(self.tr("usually {value}").format(value=default))
        return " · ".join(part for part in parts if part)

    def show_persona(self, persona: Persona) -> None:
        super().show_persona(persona)
        for name, made in self._rows.items():
            value = persona.parameters.get(name)
            if made.value != value:
                made.set_value(value)


class _SwitchRow(QWidget):
    """Yes, no, or as the model has it. Signals: changed()."""

    changed = Signal()

    def __init__(self, words: Catalogue, name: str) -> None:
        super().__init__()
        title, explained = words.parameter(name)
        self._choice = QComboBox()
        for text, value in ((self.tr("model's own"), None), (self.tr("Yes"), True), (self.tr("No"), False)):
            self._choice.addItem(text, value)
        self._choice.setAccessibleName(title)
        self._choice.setAccessibleDescription(explained)
        self._choice.activated.connect(lambda _index: self.changed.emit())
        line = row(Text(title), self._choice, spacing=Space.S)
        line.setStretch(0, 1)
        self.setLayout(column(line, Text(explained, "caption"), spacing=Space.XS))

    @property
    def value(self) -> ParameterValue | None:
        value = self._choice.currentData()
        return value if isinstance(value, bool) else None

    def set_value(self, value: ParameterValue | None) -> None:
        with QSignalBlocker(self._choice):
            self._choice.setCurrentIndex(0 if not isinstance(value, bool) else 1 if value else 2)
