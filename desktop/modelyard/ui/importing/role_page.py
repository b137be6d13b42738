"""Name and role: what it is called here, and who it is. Everything is filled in already; Next is enough."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QButtonGroup, QGridLayout, QLabel, QLineEdit

from ...errors import Action, Code, ModelyardError
from ...importing.inspection import Refusal
from ...importing.plan import ImportPlan
from ...modelfile.persona import Persona
from ..background import Call, in_background
from ..context import Context
from ..design.tokens import Space
from ..models.starting import start_engine
from ..services import Starter
from ..widgets.buttons import LayoutButton
from ..widgets.cards import Card
from ..widgets.labels import Text
from ..widgets.layout import column
from .draft import Draft
from .wizard_page import WizardPage

_COLUMNS = 3


class StarterCard(LayoutButton):
    """A checkable card of one starter persona."""

    def __init__(self, title: str, line: str, persona: Persona) -> None:
        super().__init__("choice", title)
        self.persona = persona
        self.setAccessibleDescription(line)
        self.setCheckable(True)
        self.setLayout(column(Text(title, "strong"), Text(line, "caption"), None, spacing=Space.XS, margin=Space.M))
        self.let_mouse_through()


class RolePage(WizardPage):
    """Next asks for the final plan; a refusal (name taken, disk full) is shown here with its button."""

    def __init__(self, context: Context, draft: Draft) -> None:
        super().__init__(context, draft)
        self._call: Call | None = None
        self._cards = QButtonGroup(self)
        self._name = QLineEdit()
        self._name.setMaxLength(120)
        self._name.textChanged.connect(self._named)
        label = QLabel(self.tr("Name"))
        label.setBuddy(self._name)
        self._technical = Text("", "caption", selectable=True)
        self.body.addWidget(Text(self.tr("Name and role"), "title"))
        enough = self.tr("Both can be changed later. To leave them as they are, press Import.")
        self.body.addWidget(Text(enough, "muted"))
        self.body.addWidget(Card(column(label, self._name, self._technical, spacing=Space.S)))
        self.body.addSpacing(Space.S)
        self.body.addWidget(Text(self.tr("Who should it be?"), "heading"))
        self.body.addLayout(self._starters(context.services.starters(context.words.language)))
        self.body.addStretch(1)

    @property
    def next_label(self) -> str:
        return self.tr("Import")

    def enter(self) -> None:
        self.states.show_content()
        inspection = self.draft.inspection
        assert inspection is not None
        self._name.setText(self.draft.choice.display_name or inspection.title)
        self._name.setCursorPosition(0)
        self._named()

    def leave(self) -> None:
        pressed = self._cards.checkedButton()
        persona = pressed.persona if isinstance(pressed, StarterCard) else Persona()
        text = self._name.text().strip()
        shown = "" if self._unchanged(text) else text
        self.draft.choice = replace(self.draft.choice, display_name=shown, persona=persona)

    def _unchanged(self, text: str) -> bool:
        """The model's own name; planning makes a technical name of it that is not taken."""
        return self.draft.inspection is not None and text == self.draft.inspection.title

    def stop(self) -> None:
        if self._call is not None:
            self._call.cancel()

    def confirm(self) -> None:
        """Asks for the plan and, if there is one, goes forward."""
        self.leave()
        inspection, choice, plan = self.draft.inspection, self.draft.choice, self.context.services.plan
        assert inspection is not None
        self.states.show_busy(self.tr("Planning …"))
        self.set_valid(False)
        self._call = in_background(self, lambda _token: plan(inspection, choice), self._planned, self._fail)

    def _planned(self, outcome: ImportPlan | Refusal) -> None:
        if isinstance(outcome, Refusal):
            self._fail(outcome.error())
            return
        self.draft.plan = outcome
        self.states.show_content()
        self.forward.emit()

    def _fail(self, error: ModelyardError) -> None:
        self.states.show_error(error, lambda action: self._mend(action, error))
        self.set_valid(False)

    def _mend(self, action: Action, error: ModelyardError) -> None:
        if action in (Action.CHOOSE_NAME, Action.RETRY) or error.code is Code.ENGINE_NAME_TAKEN:
            self.states.show_content()
            self._named()
            self._name.setFocus()
            self._name.selectAll()
        elif action is Action.START_OLLAMA:
            self.states.show_busy(self.tr("Starting Ollama …"))
            self._call = start_engine(self, self.context, "ollama", lambda _status: self.confirm(), self._fail)
        else:
            self.context.routes.mend_error(action, error)

    def _named(self) -> None:
        text = self._name.text().strip()
        inspection = self.draft.inspection
        if inspection is not None and self._unchanged(text):
            name = inspection.suggested_name
        else:
            name = self.context.services.technical_name(text) if text else ""
        self._technical.setText(self.tr("Technical name: {name}").format(name=name) if name else "")
        self.set_valid(bool(text))

    def _starters(self, starters: tuple[Starter, ...]) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(Space.M)
        own = StarterCard(self.tr("As it comes"), self.tr("The way its author made it."), Persona())
        own.setChecked(True)
        cards = [own, *(StarterCard(each.title, each.line, each.persona) for each in starters)]
        for number, card in enumerate(cards):
            self._cards.addButton(card)
            grid.addWidget(card, number // _COLUMNS, number % _COLUMNS)
        for each in range(_COLUMNS):
            grid.setColumnStretch(each, 1)
        return grid
