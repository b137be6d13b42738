"""The named steps of a job, each with its own moving bar, speed and time left. Used by the wizard and the job cards."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtWidgets import QProgressBar, QWidget

from ...events import Event, Kind, Step
from ...importing.jobs import Job, JobState
from ...importing.plan import PlannedStep
from ...words.catalogue import Catalogue
from ..context import Context
from ..design.icons import Icons
from ..design.tokens import Size, Space
from ..figures import joined
from ..widgets.labels import IconLabel, Text, set_property
from ..widgets.layout import column, row
from .pace import Pacer

_PARTS = 1000


class StepRow(QWidget):
    """One step: its mark, its name, what moves."""

    def __init__(self, icons: Icons, words: Catalogue, planned: PlannedStep) -> None:
        super().__init__()
        self._words = words
        self._pacer = Pacer()
        name = words.step(planned.step.value)
        self._mark = IconLabel(icons, "dot", "muted", Size.ICON)
        self._name = Text(name, "muted", wrap=False)
        self._figures = Text("", "caption", wrap=False)
        self._bar = QProgressBar()
        self._bar.setRange(0, _PARTS)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(name)
        texts = column(row(self._name, None, self._figures), self._bar, spacing=Space.XS + 2)
        self.setLayout(row(self._mark, texts, spacing=Space.M))

    def begin(self) -> None:
        self._mark.show_icon("play", "accent")
        set_property(self._name, "role", "strong")
        self._pacer.reset()
        self._bar.setRange(0, 0)

    def move(self, done: int, total: int, unit: str) -> None:
        if total > 0:
            self._bar.setRange(0, _PARTS)
            self._bar.setValue(min(_PARTS, done * _PARTS // total))
        else:
            self._bar.setRange(0, 0)
        pace = self._pacer.add(time.monotonic(), done, total)
        amount = self._words.amount
        parts = []
        if unit == "bytes":
            parts.append(self.tr("{done} of {total}").format(done=amount(done), total=amount(total)))
            if pace.speed:
                parts.append(self.tr("{speed}/s").format(speed=amount(pace.speed)))
        elif total:
            parts.append(self.tr("{done} of {total}").format(done=done, total=total))
        elif done:
            parts.append(self.tr("{n} tokens").format(n=done) if unit == "tokens" else str(done))
        if pace.left is not None:
            parts.append(self.tr("{time} left").format(time=self._words.duration(pace.left)))
        self._figures.setText(joined(*parts))

    def finish(self) -> None:
        self._mark.show_icon("check", "good")
        set_property(self._name, "role", "body")
        self._bar.setRange(0, _PARTS)
        self._bar.setValue(_PARTS)
        set_property(self._bar, "state", "")
        self._figures.setText("")

    def halt(self, state: str) -> None:
        """Stops moving: "failed" or "paused"."""
        if self._bar.maximum() == 0:
            self._bar.setRange(0, _PARTS)
        set_property(self._bar, "state", state)
        self._mark.show_icon("error" if state == "failed" else "pause", "bad" if state == "failed" else "muted")
        self._figures.setText("")

    def wait(self) -> None:
        self._mark.show_icon("dot", "muted")
        set_property(self._name, "role", "muted")
        set_property(self._bar, "state", "")
        self._bar.setRange(0, _PARTS)
        self._bar.setValue(0)
        self._figures.setText("")


class StepList(QWidget):
    """All steps of a plan in order. Several may be under way at once: downloading goes on while the model is made."""

    def __init__(self, context: Context, steps: Sequence[PlannedStep]) -> None:
        super().__init__()
        self._rows = {step.step: StepRow(context.icons, context.words, step) for step in steps}
        self._under_way: set[Step] = set()
        self.setLayout(column(*self._rows.values(), spacing=Space.L))

    def restore(self, job: Job) -> None:
        """Shows the state a job was left in."""
        current = Step(job.step) if job.step else None
        runs = job.state in (JobState.RUNNING, JobState.WAITING)
        self._under_way = set() if runs or job.state is JobState.DONE else self._under_way
        passed = current is not None
        for step, each in self._rows.items():
            if job.state is JobState.DONE:
                each.finish()
            elif step is current:
                self._under_way.add(step)
                each.begin()
                each.move(job.done, job.total, "bytes" if job.total > 10_000 else "")
                passed = False
            elif step in self._under_way:
                continue
            elif passed:
                each.finish()
            else:
                each.wait()
        if not runs and job.state is not JobState.DONE:
            self.halt("failed" if job.state is JobState.FAILED else "paused")

    def apply(self, event: Event) -> None:
        step = event.fields.get("step")
        shown = self._rows.get(Step(step)) if step else None
        if shown is None:
            return
        match event.kind:
            case Kind.STEP_STARTED:
                self._begin(Step(step))
            case Kind.PROGRESS:
                if Step(step) not in self._under_way:
                    self._begin(Step(step))
                fields = event.fields
                shown.move(int(fields.get("done", 0)), int(fields.get("total", 0)), str(fields.get("unit", "")))
            case Kind.STEP_FINISHED:
                self._under_way.discard(Step(step))
                shown.finish()

    def halt(self, state: str) -> None:
        for step in self._under_way:
            self._rows[step].halt(state)

    def _begin(self, step: Step) -> None:
        self._under_way.add(step)
        for each, shown in self._rows.items():
            if each is step:
                shown.begin()
                return
            if each not in self._under_way:
                shown.finish()
