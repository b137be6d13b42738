"""All personas as cards: one's own, those of the models, starters."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from ..context import Context
from ..design.tokens import Space
from ..widgets.buttons import LayoutButton
from ..widgets.labels import Text
from ..widgets.layout import ScrollPage, clear, column, row
from .choices import Kind, PersonaChoice
from .picture import Portrait

_COLUMNS = 2
_SIDE = 44


class PersonaCard(LayoutButton):
    """A picture, a name, one line. Signals: those of a button."""

    def __init__(self, context: Context, choice: PersonaChoice) -> None:
        super().__init__("choice", choice.title)
        self.choice = choice
        self.setAccessibleDescription(choice.line)
        portrait = Portrait(context.theme, _SIDE)
        portrait.show_persona(choice.persona.picture, choice.title)
        words = column(Text(choice.title, "strong"), Text(choice.line, "caption"), None, spacing=Space.XS)
        face = row(portrait, words, spacing=Space.M, margin=Space.M)
        face.setStretch(1, 1)
        self.setLayout(face)
        self.let_mouse_through()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, self.sizePolicy().verticalPolicy())


class Gallery(ScrollPage):
    """Signals: chosen(PersonaChoice)."""

    chosen = Signal(object)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._shown: list[PersonaChoice] = []

    @property
    def filled(self) -> bool:
        return bool(self._shown)

    def show_choices(self, choices: Sequence[PersonaChoice]) -> None:
        if list(choices) == self._shown:
            return
        self._shown = list(choices)
        place = self.verticalScrollBar().value()
        clear(self.body)
        for kind, title, line in (
            (Kind.OWN, self.tr("My personas"), self.tr("Kept as plain files; they can be given to any model.")),
            (Kind.MODEL, self.tr("Personas of the models"), self.tr("Who the installed models are just now.")),
            (Kind.STARTER, self.tr("Starters"), self.tr("Open one, change what you like, apply it to a model.")),
        ):
            cards = [choice for choice in choices if choice.kind is kind]
            if cards:
                self.body.addLayout(column(Text(title, "heading"), Text(line, "muted"), spacing=Space.XS))
                self.body.addLayout(self._grid(cards))
        self.body.addStretch(1)
        self.verticalScrollBar().setValue(place)

    def _grid(self, choices: Sequence[PersonaChoice]) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(Space.M)
        for number, choice in enumerate(choices):
            card = PersonaCard(self._context, choice)
            card.clicked.connect(lambda _checked=False, choice=choice: self.chosen.emit(choice))
            grid.addWidget(card, number // _COLUMNS, number % _COLUMNS)
        for empty in range(len(choices), _COLUMNS):
            grid.addWidget(QWidget(), 0, empty)  # or the others would be wider than those of the next section
        for each in range(_COLUMNS):
            grid.setColumnStretch(each, 1)
        return grid
