"""Conversation memory: how many pages the model keeps in mind, and what that takes of this computer's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QSlider

from ...modelfile.persona import Persona
from ..context import Context
from ..figures import joined, pages
from ..widgets.buttons import button
from ..widgets.labels import Pill, Text, set_property
from ..widgets.layout import column, row
from .field import Field, headed

if TYPE_CHECKING:
    from ...importing.running_cost import RunningCost

_NAME = "num_ctx"
_LONGEST = 131_072  # tokens, where the model does not say
_SHORTEST = 1024
_TONES = {"fits": "good", "slow": "warn", "wont_fit": "bad"}


def lengths(limit: int | None) -> tuple[int, ...]:
    """What the slider stops at, in tokens: powers of two and half-way between, up to the model's limit."""
    most = limit or _LONGEST
    found = []
    length = _SHORTEST
    while length < most:
        found += [length, *([length * 3 // 2] if length >= 4096 else [])]
        length *= 2
    return (*(each for each in found if each < most), most)


class MemoryField(Field):
    """`show_cost` tells what the chosen model takes; without it only pages are shown."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._words = context.words
        self._cost: RunningCost | None = None
        self._lengths = lengths(None)
        title, explained = context.words.parameter(_NAME)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setAccessibleName(title)
        self._slider.setAccessibleDescription(explained)
        self._slider.setRange(0, len(self._lengths) - 1)
        self._slider.valueChanged.connect(lambda place: self._moved(self._lengths[place]))
        self._value = Text("", "muted")
        self._own = button(self.tr("Automatic"), lambda: self.say_parameter(_NAME, None), "quiet")
        self._sum = Text("", "caption")
        self._fit = Pill("", "neutral")
        self._warning = Text("", "bad")
        self._warning.hide()
        head = row(self._value, self._own)
        head.setStretch(0, 1)
        sum_line = row(self._sum, self._fit)
        sum_line.setStretch(0, 1)
        self.setLayout(column(headed(title, _NAME, head, self._slider, sum_line, self._warning, buddy=self._slider)))

    def show_cost(self, cost: RunningCost | None, limit: int | None) -> None:
        """`limit`: what the model was made for, in tokens."""
        self._cost = cost
        self._lengths = lengths(limit)
        with QSignalBlocker(self._slider):
            self._slider.setRange(0, len(self._lengths) - 1)
        self.show_persona(self.persona)

    @property
    def too_much(self) -> bool:
        return not self._warning.isHidden()

    def show_persona(self, persona: Persona) -> None:
        super().show_persona(persona)
        value = persona.parameters.get(_NAME)
        own = not isinstance(value, int) or isinstance(value, bool) or value <= 0
        tokens = (self._cost.usual_context if self._cost else 4096) if own else int(value)  # type: ignore[arg-type]
        nearest = min(range(len(self._lengths)), key=lambda place: abs(self._lengths[place] - tokens))
        with QSignalBlocker(self._slider):
            self._slider.setValue(nearest)
        self._describe(tokens, own)

    def _moved(self, tokens: int) -> None:
        self._describe(tokens, False)
        self.say_parameter(_NAME, tokens)

    def _describe(self, tokens: int, own: bool) -> None:
        automatic = self.tr("automatic") if own else self.tr("{n} tokens").format(n=f"{tokens:,}")
        self._value.setText(joined(automatic, pages(self._words, tokens)))
        self._own.setVisible(not own)
        self._sum.setVisible(self._cost is not None)
        self._fit.setVisible(self._cost is not None)
        self._warning.hide()
        if self._cost is None:
            return
        memory, fit = self._cost.at(tokens), self._cost.fit(tokens)
        amount = self._words.amount
        self._sum.setText(
            self.tr("{total} of memory: model {weights} + conversation {conversation} + program {program}").format(
                total=amount(memory.total),
                weights=amount(memory.weights),
                conversation=amount(memory.conversation),
                program=amount(memory.overhead),
            )
        )
        self._fit.setText(self._words.label("fits", fit.value))
        set_property(self._fit, "tone", _TONES[fit.value])
        if fit.value == "wont_fit":
            self._warning.setText(
                self.tr(
                    "{total} are needed, this computer has {have}. Choose a shorter memory or a smaller model."
                ).format(total=amount(memory.total), have=amount(self._cost.machine.memory))
            )
            self._warning.show()
