"""One setting of a model in plain words: its name, its value or "as the model has it", what it does."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from ...chat.values import OptionValue
from ...modelfile.parameters import PARAMETERS, ParameterKind
from ...words.catalogue import Catalogue
from ..design.tokens import Space
from ..widgets.labels import Text
from ..widgets.layout import column, row


class OptionRow(QWidget):
    """Signals: changed(). `value` None = nothing of its own."""

    changed = Signal()

    def __init__(self, words: Catalogue, name: str) -> None:
        super().__init__()
        self.name = name
        title, explained = words.parameter(name)
        label = Text(title, "body")
        self._field = self._make(name)
        self._field.setAccessibleName(title)
        self._field.setAccessibleDescription(explained)
        label.setBuddy(self._field)
        line = row(label, self._field, spacing=Space.S)
        line.setStretch(0, 1)
        self.setLayout(column(line, Text(explained, "caption"), spacing=Space.XS))

    def _make(self, name: str) -> QSpinBox | QDoubleSpinBox | QLineEdit:
        parameter = PARAMETERS[name]
        if parameter.kind is ParameterKind.TEXTS:
            field = QLineEdit()
            field.setPlaceholderText(self.tr("none"))
            field.editingFinished.connect(self.changed)
            return field
        own = self.tr("model's own")
        made: QSpinBox | QDoubleSpinBox
        if parameter.kind is ParameterKind.FLOAT:
            made = QDoubleSpinBox()
            made.setDecimals(2)
            made.setRange(parameter.low - parameter.step, parameter.high)
            made.setSingleStep(parameter.step)
        else:
            made = QSpinBox()
            made.setRange(int(parameter.low - parameter.step), int(parameter.high))
            made.setSingleStep(int(parameter.step))
            made.setGroupSeparatorShown(True)
        made.setSpecialValueText(own)
        made.lineEdit().setTextMargins(Space.S, 0, 0, 0)
        made.setKeyboardTracking(False)
        made.setMinimumWidth(made.fontMetrics().horizontalAdvance(own) + 48)
        made.setValue(made.minimum())
        made.valueChanged.connect(lambda _value: self.changed.emit())
        return made

    @property
    def value(self) -> OptionValue | None:
        if isinstance(self._field, QLineEdit):
            words = tuple(word.strip() for word in self._field.text().split("|") if word.strip())
            return words or None
        if self._field.value() <= self._field.minimum():
            return None
        return round(self._field.value(), 2) if isinstance(self._field, QDoubleSpinBox) else self._field.value()

    def set_value(self, value: OptionValue | None) -> None:
        with QSignalBlocker(self._field):
            if isinstance(self._field, QLineEdit):
                self._field.setText(" | ".join(value) if isinstance(value, tuple) else str(value or ""))
            elif isinstance(value, int | float) and not isinstance(value, bool):
                self._field.setValue(value)  # type: ignore[arg-type]
            else:
                self._field.setValue(self._field.minimum())
