"""The check card: what it is, which size, where it goes. From headers only, in about a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from ...engines.base import EngineState, EngineStatus
from ...errors import Action, Code, ModelyardError
from ...events import CancelToken
from ...importing.inspection import AS_IS, Fit, Inspection, Refusal, SizeOption
from ...importing.plan import NO_ENGINE, ImportChoice, ImportPlan
from ..background import Call, in_background
from ..context import Context
from ..models.starting import start_engine
from ..widgets.buttons import button
from ..widgets.cards import Card
from ..widgets.labels import Text
from ..widgets.layout import clear, row
from .base_choice import BaseChoice
from .destination import Destination
from .draft import Draft
from .importance_choice import ImportanceChoice
from .looking import look_at
from .model_card import ModelCard
from .repair import RepairChoice
from .size_choice import SizeChoice
from .wizard_page import WizardPage

# Doors that a person opens elsewhere: on the model's page or in the settings.
_CLOSED = (
    Code.HUB_GATED_NO_KEY,
    Code.HUB_GATED_KEY_LACKS_RIGHT,
    Code.HUB_GATED_TERMS,
    Code.HUB_GATED_PENDING,
    Code.HUB_GATED_REJECTED,
    Code.HUB_REPO_MISSING_NO_KEY,
    Code.HUB_KEY_INVALID,
    Code.HUB_KEY_NOT_SENT,
)


@dataclass(frozen=True)
class _Found:
    inspection: Inspection
    statuses: Sequence[EngineStatus]


class CheckPage(WizardPage):
    def __init__(self, context: Context, draft: Draft) -> None:
        super().__init__(context, draft)
        self._call: Call | None = None
        self._planning: Call | None = None
        self._found: _Found | None = None
        self._sizes: SizeChoice | None = None
        self._destination: Destination | None = None
        self._repair: RepairChoice | None = None
        self._refused = Card()
        self._file: Path | None = None
        self._closed = False  # by a door that may be open when the person comes back
        QGuiApplication.instance().applicationStateChanged.connect(self._state_changed)

    @property
    def next_label(self) -> str:
        option = self._sizes.current if self._sizes else None
        if option is not None and option.fit is Fit.WONT_FIT:
            return self.tr("Import anyway")
        return ""

    def enter(self) -> None:
        if self.draft.inspection is not None and self._found is not None:
            return
        self._closed = False
        self.set_valid(False)
        self.states.show_busy(self.tr("Looking at it …"))
        self.stop()
        text, base, services = self.draft.text, self.draft.base, self.context.services

        def look(token: CancelToken) -> _Found:
            inspection = look_at(services, text, token, base)
            return _Found(inspection, [engine.status() for engine in services.engines().values()])

        self._call = in_background(self, look, self._show, self._fail)

    def come_back(self) -> None:
        if self._closed:
            self._again()

    def _state_changed(self, state: Qt.ApplicationState) -> None:
        """Back from the browser, where terms were accepted or a key was made."""
        if state is Qt.ApplicationState.ApplicationActive and self.isVisible():
            self.come_back()

    def leave(self) -> None:
        self.draft.choice = self._choice()

    def stop(self) -> None:
        for call in (self._call, self._planning):
            if call is not None:
                call.cancel()
        self._call = self._planning = None

    def _fail(self, error: ModelyardError) -> None:
        self._call = None
        self._closed = error.code in _CLOSED
        self.states.show_error(error, lambda action: self._mend(action, error))
        self.set_valid(False)

    def _mend(self, action: Action, error: ModelyardError) -> None:
        if action is Action.RETRY:
            self._again()
        elif action is Action.CHOOSE_OTHER:
            self.backward.emit()
        elif action is Action.START_OLLAMA:
            self._start_ollama()
        else:
            self.context.routes.mend_error(action, error)

    def _start_ollama(self) -> None:
        """Here and now, with the answers kept; then the card looks again."""
        self.stop()
        if self._sizes is not None:
            self.draft.choice = self._choice()
        self.states.show_busy(self.tr("Starting Ollama …"))
        self.set_valid(False)
        self._call = start_engine(self, self.context, "ollama", lambda _status: self._again(), self._fail)

    def _again(self) -> None:
        self._found = None
        self.enter()

    def _show(self, found: _Found) -> None:
        self._call = None
        self._found = found
        inspection = found.inspection
        if self.draft.inspection != inspection:
            self.draft.inspection = inspection
            self.draft.choice = ImportChoice(engine=self.draft.choice.engine, repair=inspection.repair_advised)
        clear(self.body)
        self._refused = Card()
        self.body.addWidget(ModelCard(self.context, inspection))
        if inspection.refusal is not None:
            self._show_refusal(inspection.refusal)
            self._offer_base(inspection)
        else:
            self._offer_base(inspection)
            self._show_choices(found)
        self.body.addStretch(1)
        self.states.show_content()
        self.scroll_to_top()

    def _offer_base(self, inspection: Inspection) -> None:
        if inspection.form == "adapter":
            choice = BaseChoice(self.context, found=inspection.refusal is None)
            choice.chosen.connect(self._use_base)
            self.body.addWidget(choice)

    def _use_base(self, text: str) -> None:
        self.draft.base = text
        self.draft.inspection = None
        self._again()

    def _show_refusal(self, refusal: Refusal) -> None:
        error = refusal.error()
        panel = self.context.error_panel(error)
        panel.action.connect(lambda action: self._mend(action, error))
        self.body.addWidget(panel)
        self._closed = error.code in _CLOSED
        if self._closed:
            self.body.addLayout(row(button(self.tr("Check again"), self._again), None))
        if sibling := self._sibling():
            look = button(self.tr("Look at {name}").format(name=sibling), self._look_at_sibling)
            self.body.addLayout(row(look, None))
        self.set_valid(False)

    def _sibling(self) -> str:
        """The repository this one was packed from, if it is known."""
        notes = self._found.inspection.warnings if self._found else ()
        return next((str(note.fields["base_model"]) for note in notes if note.code == "sixteen_bit_sibling"), "")

    def _look_at_sibling(self) -> None:
        self.context.routes.import_text.emit(self._sibling())

    def _show_choices(self, found: _Found) -> None:
        self._repair = None
        if found.inspection.repairs:
            self._repair = RepairChoice(self.context, found.inspection, self.draft.choice.repair)
            self._repair.changed.connect(self._plan)
            self.body.addWidget(self._repair)
        matrix = self.draft.choice.imatrix
        shown = found.inspection.with_importance() if matrix else found.inspection
        self._sizes = SizeChoice(self.context, shown, self.draft.choice.size)
        self._sizes.chosen.connect(self._size_chosen)
        heading = self.tr("Size & quality")
        if len(found.inspection.sizes) == 1:
            heading = self.tr("On this computer")
        self.body.addWidget(Text(heading, "heading"))
        self.body.addWidget(self._sizes)
        if found.inspection.importance_sizes:
            importance = ImportanceChoice(self.context, matrix)
            importance.chosen.connect(self._use_importance)
            self.body.addWidget(importance)
        engine = self.draft.choice.engine or self._usual_engine(found.statuses)
        self._destination = Destination(self.context, found.statuses, engine)
        self._destination.chosen.connect(lambda _engine: self._plan())
        self.body.addWidget(Card(self._destination))
        self._plan()

    def _use_importance(self, matrix: Path | None) -> None:
        if self._found is not None:
            self.draft.choice = replace(self._choice(), imatrix=matrix)
            self._show(self._found)

    def _usual_engine(self, statuses: Sequence[EngineStatus]) -> str:
        wanted = self.context.services.settings.text("engine")
        if wanted != "auto":
            return wanted
        ready = [each.engine for each in statuses if each.state is EngineState.READY]
        return "ollama" if "ollama" in ready else next(iter(ready), "")

    def _size_chosen(self, _option: SizeOption) -> None:
        self._plan()

    def _choice(self) -> ImportChoice:
        option = self._sizes.current if self._sizes else None
        engine = self._destination.engine if self._destination else ""
        mend = self._repair is not None and self._repair.wanted
        choice = replace(self.draft.choice, size=option.size if option else "", engine=engine, output=None, repair=mend)
        if engine == NO_ENGINE:
            choice = replace(choice, output=self._file or self._usual_file(choice.size))
        return choice

    def _usual_file(self, size: str) -> Path:
        inspection = self.draft.inspection
        stem = inspection.suggested_name if inspection else ""
        return Path.home() / (f"{stem}.gguf" if size == AS_IS else f"{stem}-{size}.gguf")

    def ask_for_file(self) -> bool:
        """ "Only save the file": where to. False if the person thought better of it."""
        if self._destination is None or self._destination.engine != NO_ENGINE:
            return True
        usual = str(self._usual_file(self._choice().size))
        picked, _ = QFileDialog.getSaveFileName(self, self.tr("Save the model as"), usual, self.tr("Models (*.gguf)"))
        self._file = Path(picked) if picked else None
        return bool(picked)

    def _plan(self) -> None:
        """Asks for the plan of what is chosen: it tells the disk and refuses early."""
        if self._planning is not None:
            self._planning.cancel()
        inspection, choice, plan = self.draft.inspection, self._choice(), self.context.services.plan
        if inspection is None:
            return
        self.set_valid(False)
        self._planning = in_background(self, lambda _token: plan(inspection, choice), self._planned, self._fail)

    def _planned(self, outcome: ImportPlan | Refusal) -> None:
        self._planning = None
        self._refused.hide()
        if isinstance(outcome, Refusal):
            error = outcome.error()
            self._refused = self.context.error_panel(error)
            self._refused.action.connect(lambda action: self._mend(action, error))
            self.body.insertWidget(self.body.count() - 1, self._refused)
            if self._destination is not None:
                self._destination.show_disk(None)
        elif self._destination is not None:
            self._destination.show_disk(outcome)
        self.set_valid(isinstance(outcome, ImportPlan))
