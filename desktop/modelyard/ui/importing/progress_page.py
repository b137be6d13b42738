"""The job at work: named steps, each moving, with Pause and Cancel. The window may be closed meanwhile."""

from __future__ import annotations

from PySide6.QtCore import Signal

from ...errors import Action, Code, ModelyardError
from ...events import Event, Kind
from ...importing.jobs import Job, JobState
from ..context import Context
from ..design.tokens import Space
from ..models.starting import start_engine
from ..routes import Place
from ..widgets.buttons import button
from ..widgets.cards import Card, Notice
from ..widgets.error_panel import ErrorPanel
from ..widgets.labels import ElidedText, Text
from ..widgets.layout import row
from .draft import Draft
from .job_error import error_of_job
from .steps import StepList
from .wizard_page import WizardPage


class ProgressPage(WizardPage):
    """Signals: ended() when the job is done, left() when it was cancelled."""

    has_next = False
    has_back = False
    ended = Signal()
    left = Signal()

    def __init__(self, context: Context, draft: Draft) -> None:
        super().__init__(context, draft)
        self._steps: StepList | None = None
        self._error: ErrorPanel | None = None
        self._title = ElidedText("", "title")
        self._card = Card(spacing=Space.L)
        self._pause = button(self.tr("Pause"), self._toggle)
        self._cancel = button(self.tr("Cancel"), self._give_up, "quiet")
        self._hint = Text(
            self.tr(
                "You can leave this page; it goes on in Imports. If you close Modelyard, it goes on at the next start."
            ),
            "muted",
        )
        for each in (self._title, self._card):
            self.body.addWidget(each)
        self.body.addLayout(row(self._pause, self._cancel, None, spacing=Space.M))
        self.body.addWidget(self._hint)
        self.body.addStretch(1)
        context.jobs.event.connect(self._follow)
        context.jobs.changed.connect(self._changed)

    def enter(self) -> None:
        job = self.context.jobs.get(self.draft.job_id)
        if job is None:
            return
        self._title.setText(self.tr("Importing {name}").format(name=job.title))
        if self._steps is not None:
            self._steps.hide()
            self._steps.deleteLater()
        self._steps = StepList(self.context, job.plan.steps)
        self._card.body.addWidget(self._steps)
        self._changed(job)

    def _follow(self, job_id: str, event: Event) -> None:
        if job_id != self.draft.job_id or self._steps is None:
            return
        self._steps.apply(event)
        if event.kind is Kind.WARNING:
            text = self.context.words.warning(str(event.fields["code"]), event.fields.get("fields", {}))
            self.body.insertWidget(2, Notice(self.context.icons, text))

    def _changed(self, job: Job) -> None:
        if job.id != self.draft.job_id or self._steps is None:
            return
        self._clear_error()
        self._steps.restore(job)
        self._pause.setText(self.tr("Go on") if job.state.can_go_on else self.tr("Pause"))
        match job.state:
            case JobState.DONE:
                self.ended.emit()
            case JobState.CANCELLED:
                self.left.emit()
            case JobState.FAILED:
                self._show_error(error_of_job(job))

    def _show_error(self, error: ModelyardError) -> None:
        self._error = self.context.error_panel(error)
        self._error.action.connect(lambda action: self._mend(action, error))
        self.body.insertWidget(2, self._error)
        self._hint.hide()

    def _clear_error(self) -> None:
        if self._error is not None:
            self._error.hide()
            self._error.deleteLater()
            self._error = None
        self._hint.show()

    def _mend(self, action: Action, error: ModelyardError) -> None:
        if action in (Action.RETRY, Action.GO_ON) or error.code is Code.INTERNAL:
            self._go_on()
        elif action is Action.START_OLLAMA and self._error is not None:
            self._error.wait(self.tr("Starting Ollama …"))
            start_engine(self, self.context, "ollama", lambda _status: self._go_on(), self._show_other)
        else:
            self.context.routes.mend_error(action, error)

    def _go_on(self) -> None:
        self.context.jobs.go_on(self.draft.job_id)

    def _show_other(self, error: ModelyardError) -> None:
        self._clear_error()
        self._show_error(error)

    def _toggle(self) -> None:
        job = self.context.jobs.get(self.draft.job_id)
        if job is not None and job.state.can_go_on:
            self.context.jobs.go_on(job.id)
        elif job is not None:
            self.context.jobs.pause(job.id)
            self.context.routes.go.emit(Place.IMPORTS)

    def _give_up(self) -> None:
        job = self.context.jobs.get(self.draft.job_id)
        if job is None or job.state.ended:
            self.left.emit()
        else:
            self.context.jobs.cancel(job.id)
