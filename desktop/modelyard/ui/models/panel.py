"""The chosen model: what it needs, what it can do, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QSizePolicy

from ...importing.inspection import MemorySum
from ..context import Context
from ..design.tokens import Size, Space
from ..figures import pages, parameter_count
from ..widgets.buttons import button
from ..widgets.cards import Card
from ..widgets.facts import Facts
from ..widgets.fitting import KeepsWidth
from ..widgets.labels import Pill, Text
from ..widgets.layout import clear, column, row
from ..widgets.scrolling import Scroll, Scrolled
from .actions import Action
from .library import Entry
from .row_paint import TONES
from .wording import ability_words, engine_name, size_words

_NARROWEST, _WIDEST = 300, 392  # pixels
_LETTERS = 42


class ModelPanel(Scroll):
    """Signals: unload(Entry)."""

    unload = Signal(object)

    def __init__(self, context: Context) -> None:
        self._card = Card(spacing=Space.M)
        super().__init__(Scrolled(column(self._card, None)))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._context = context
        self._entry: Entry | None = None
        self._labels: list[str] = []
        KeepsWidth(self, _NARROWEST, self._fit)

    def _fit(self, needed: int) -> None:
        """As wide as its words like, but not more than the smallest window leaves; and never narrower than they
        need."""
        liked = min(_WIDEST, _LETTERS * self.fontMetrics().averageCharWidth())
        self.setFixedWidth(max(needed, liked))

    def show_entry(self, entry: Entry | None, actions: Sequence[Action]) -> None:
        """Drawn anew only when something about it changed."""
        labels = [each.text for each in actions]
        if (entry, labels) == (self._entry, self._labels):
            return
        self._entry, self._labels = entry, labels
        clear(self._card.body)
        self._card.setVisible(entry is not None)
        if entry is None:
            return
        self._card.setAccessibleName(entry.name)
        self._head(entry)
        self._card.body.addWidget(Facts(self._facts(entry)))
        if entry.memory is not None:
            self._card.body.addWidget(Text(self._sum(entry.memory), "caption"))
        if entry.running is not None:
            self._running(entry)
        buttons = [self._button(action, entry, primary=number == 0) for number, action in enumerate(actions)]
        self._card.body.addLayout(column(*buttons, spacing=0))

    def _head(self, entry: Entry) -> None:
        body = self._card.body
        body.addWidget(Text(_breakable(entry.name), "heading", selectable=True))
        pills = row(Pill(engine_name(entry.model.engine), "neutral"), spacing=Space.XS)
        if entry.fit is not None:
            pills.addWidget(Pill(self._context.words.label("fits", entry.fit.value), TONES[entry.fit]))
        if entry.model.remote:
            pills.addWidget(Pill(self.tr("In the cloud"), "neutral"))
        pills.addStretch(1)
        body.addLayout(pills)

    def _facts(self, entry: Entry) -> dict[str, str]:
        model, words = entry.model, self._context.words
        memory = ""
        if entry.memory is not None:
            amount = words.amount(entry.memory.total)
            memory = amount if entry.exact else self.tr("about {size}").format(size=amount)
        return {
            self.tr("Memory needed"): memory,
            self.tr("On disk"): words.amount(model.size_bytes) if model.size_bytes and not model.remote else "",
            self.tr("Quality"): size_words(words, model),
            self.tr("Parameters"): parameter_count(model.parameters),
            self.tr("Remembers"): pages(words, model.context_length),
            self.tr("Can do"): ", ".join(ability_words(words, model)),
        }

    def _sum(self, memory: MemorySum) -> str:
        words = self._context.words
        return self.tr("Memory: {weights} model + {conversation} conversation + {rest} program").format(
            weights=words.amount(memory.weights),
            conversation=words.amount(memory.conversation),
            rest=words.amount(memory.overhead),
        )

    def _running(self, entry: Entry) -> None:
        assert entry.running is not None
        used = self._context.words.amount(entry.running.memory_bytes)
        text = self.tr("In memory now: {size}").format(size=used) if entry.running.memory_bytes else ""
        free = button(self.tr("Unload"), lambda: self.unload.emit(entry))
        free.setAccessibleName(self.tr("Unload {name}").format(name=entry.name))
        line = row(Text(text or self.tr("In memory now")), free)
        line.setStretch(0, 1)
        self._card.body.addLayout(line)

    def _button(self, action: Action, entry: Entry, *, primary: bool) -> QPushButton:
        made = button(action.text, action.run, "primary" if primary else "action")
        made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        made.setAccessibleName(self.tr("{action}: {name}").format(action=action.text, name=entry.name))
        if not primary:
            self._context.icons.put(made, action.icon, "muted", Size.ICON - 2)
        return made


def _breakable(name: str) -> str:
    """Long technical names may break at their separators."""
    return "".join(f"{letter}\u200b" if letter in "-_:/." else letter for letter in name)
