"""Creativity: a slider, and two answers that show what it does while it moves."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QSlider

from ...modelfile.parameters import PARAMETERS
from ...modelfile.persona import Persona
from ..context import Context
from ..design.tokens import Space
from ..widgets.buttons import button
from ..widgets.cards import Card
from ..widgets.labels import Text
from ..widgets.layout import column, row
from .field import Field, headed

_NAME = "temperature"
_BANDS = (0.35, 0.85, 1.15, 1.55)  # up to here an answer still sounds like this


class CreativityField(Field):
    def __init__(self, context: Context) -> None:
        super().__init__()
        parameter = PARAMETERS[_NAME]
        self._step = parameter.step
        self._default = float(parameter.default) if isinstance(parameter.default, float) else 0.8
        title, explained = context.words.parameter(_NAME)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(round(parameter.low / self._step), round(parameter.high / self._step))
        self._slider.setPageStep(4)
        self._slider.setAccessibleName(title)
        self._slider.setAccessibleDescription(explained)
        self._slider.valueChanged.connect(self._moved)
        self._value = Text("", "muted", wrap=False)
        self._own = button(self.tr("Model's own"), lambda: self.say_parameter(_NAME, None), "quiet")
        self._rain = Text("", "body")
        self._cat = Text("", "body")
        examples = Card(
            Text(self.tr("What is rain?"), "caption"),
            self._rain,
            Text(self.tr("A name for my cat?"), "caption"),
            self._cat,
            spacing=Space.XS,
            kind="well",
        )
        examples.body.setContentsMargins(Space.M, Space.S, Space.M, Space.S)
        ends = row(Text(self.tr("matter-of-fact"), "caption", wrap=False), None, Text(self.tr("surprising"), "caption"))
        head = row(self._value, None, self._own)
        self.setLayout(column(headed(title, _NAME, head, self._slider, ends, examples, buddy=self._slider)))

    def show_persona(self, persona: Persona) -> None:
        super().show_persona(persona)
        value = persona.parameters.get(_NAME)
        own = not isinstance(value, int | float)
        number = self._default if own else float(value)  # type: ignore[arg-type]
        with QSignalBlocker(self._slider):
            self._slider.setValue(round(number / self._step))
        self._describe(number, own)

    def _moved(self, place: int) -> None:
        value = round(place * self._step, 2)
        self._describe(value, False)
        self.say_parameter(_NAME, value)

    def _describe(self, value: float, own: bool) -> None:
        shown = self.tr("model's own, usually {value}").format(value=f"{value:g}") if own else f"{value:g}"
        self._value.setText(shown)
        self._own.setVisible(not own)
        band = sum(value > limit for limit in _BANDS)
        self._rain.setText(self._rains()[band])
        self._cat.setText(self._cats()[band])

    def _rains(self) -> tuple[str, ...]:
        return (
            self.tr("Rain is water that falls from clouds."),
            self.tr("Rain is what happens when clouds can no longer hold their water."),
            self.tr("Rain is the sky giving back what it borrowed from the sea."),
            self.tr("Rain? Ten thousand tiny drummers, rehearsing on every roof in town."),
            self.tr("Rain is Tuesday humming silver fish through the keyhole of the clouds!"),
        )

    def _cats(self) -> tuple[str, ...]:
        return (
            self.tr("Kitty."),
            self.tr("Marmalade."),
            self.tr("Captain Whiskers."),
            self.tr("Duchess Pancake of the Warm Windowsill."),
            self.tr("Zibble von Thursday-Comet the Ninth and a Half."),
        )
