"""One import as a card: its state, what moves, and the buttons that make sense now."""

from __future__ import annotations

from PySide6.QtCore import QDateTime, QLocale

from ...errors import Action, ModelyardError
from ...events import Event
from ...importing.jobs import Job, JobState
from ...importing.plan import NO_ENGINE
from ...importing.sources import shown
from ..context import Context
from ..design.tokens import Space
from ..figures import joined
from ..models.starting import start_engine
from ..widgets.buttons import button, icon_button
from ..widgets.cards import Card
from ..widgets.error_panel import ErrorPanel
from ..widgets.labels import ElidedText, Pill, Text
from ..widgets.layout import clear, column, row
from .job_error import error_of_job
from .steps import StepList

_TONES = {
    JobState.WAITING: "neutral",
    JobState.RUNNING: "accent",
    JobState.PAUSED: "neutral",
    JobState.INTERRUPTED: "warn",
    JobState.FAILED: "bad",
    JobState.CANCELLED: "neutral",
    JobState.DONE: "good",
}


class JobCard(Card):
    def __init__(self, context: Context, job: Job) -> None:
        super().__init__(spacing=Space.M)
        self._context = context
        self._steps: StepList | None = None
        self._panel: ErrorPanel | None = None
        self.show_job(job)

    def show_job(self, job: Job) -> None:
        """Draws the card for the job's state."""
        self._job = job
        self._steps = self._panel = None
        clear(self.body)
        self.setAccessibleName(joined(job.title, self._state_word(job.state)))
        head = row(
            ElidedText(job.title, "heading"), Pill(self._state_word(job.state), _TONES[job.state]), spacing=Space.M
        )
        head.setStretch(0, 1)
        if job.state is not JobState.RUNNING:
            name = self.tr("Remove {name} from this list").format(name=job.title)
            head.addWidget(icon_button(self._context.icons, "close", name, lambda: self._context.jobs.remove(job.id)))
        self.body.addLayout(column(head, ElidedText(self._line(job), "caption"), spacing=Space.XS))
        if job.state in (JobState.RUNNING, JobState.PAUSED, JobState.INTERRUPTED):
            self._steps = StepList(self._context, job.plan.steps)
            self._steps.restore(job)
            self.body.addWidget(self._steps)
        if job.state is JobState.INTERRUPTED:
            self.body.addWidget(
                Text(self.tr("Modelyard or the computer stopped in the middle. What is done is kept."), "muted")
            )
        if job.state is JobState.FAILED:
            self._panel = self._context.error_panel(error_of_job(job))
            self._panel.action.connect(self._mend)
            self.body.addWidget(self._panel)
        if job.state is JobState.DONE and job.result.get("verdict"):
            self.body.addWidget(Text(self._context.words.label("verdicts", str(job.result["verdict"])), "muted"))
        self._add_buttons(job)

    def follow(self, event: Event) -> None:
        if self._steps is not None:
            self._steps.apply(event)

    def _line(self, job: Job) -> str:
        when = QDateTime.fromSecsSinceEpoch(int(job.created))
        choice = job.plan.choice
        size, _ = self._context.words.size(choice.size)
        return joined(
            shown(job.plan.source),
            size,
            self._context.words.amount(job.plan.result_bytes),
            QLocale().toString(when, QLocale.FormatType.ShortFormat),
        )

    def _state_word(self, state: JobState) -> str:
        return {
            JobState.WAITING: self.tr("Waiting"),
            JobState.RUNNING: self.tr("Working"),
            JobState.PAUSED: self.tr("Paused"),
            JobState.INTERRUPTED: self.tr("Interrupted"),
            JobState.FAILED: self.tr("Failed"),
            JobState.CANCELLED: self.tr("Cancelled"),
            JobState.DONE: self.tr("Done"),
        }[state]

    def _add_buttons(self, job: Job) -> None:
        jobs, routes = self._context.jobs, self._context.routes
        line = row(spacing=Space.M)
        match job.state:
            case JobState.RUNNING if jobs.runs_elsewhere(job):
                line.addWidget(Text(self.tr("Another program works on it."), "muted", wrap=False))
            case JobState.RUNNING | JobState.WAITING:
                line.addWidget(button(self.tr("Pause"), lambda: jobs.pause(job.id)))
                line.addWidget(button(self.tr("Cancel"), lambda: jobs.cancel(job.id), "quiet"))
            case JobState.PAUSED | JobState.INTERRUPTED:
                line.addWidget(button(self.tr("Go on"), lambda: jobs.go_on(job.id), "primary"))
                line.addWidget(button(self.tr("Cancel"), lambda: jobs.cancel(job.id), "quiet"))
            case JobState.DONE:
                engine, name = str(job.result.get("engine", "")), str(job.result.get("name", ""))
                if name and engine != NO_ENGINE and job.result.get("verdict") != "embedding":
                    line.addWidget(button(self.tr("Chat"), lambda: routes.chat_with.emit(engine, name)))
        line.addStretch(1)
        if line.count() > 1:
            self.body.addLayout(line)

    def _mend(self, action: Action) -> None:
        if action in (Action.RETRY, Action.GO_ON):
            self._go_on()
        elif action is Action.START_OLLAMA and self._panel is not None:
            self._panel.wait(self.tr("Starting Ollama …"))
            start_engine(self, self._context, "ollama", lambda _status: self._go_on(), self._not_started)
        else:
            self._context.routes.mend_error(action, error_of_job(self._job))

    def _go_on(self) -> None:
        self._context.jobs.go_on(self._job.id)

    def _not_started(self, error: ModelyardError) -> None:
        self.show_job(self._job)
        self._context.routes.toast.emit(self._context.words.error(error).title)
