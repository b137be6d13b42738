"""The list of an import's steps: several may be under way at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QProgressBar, QWidget

from modelyard.events import Step, progress, step_finished, step_started
from modelyard.importing.jobs import Job, JobState
from modelyard.importing.plan import ImportChoice, ImportPlan, PlannedStep
from modelyard.importing.sources import GgufFile
from modelyard.ui.app import Desktop
from modelyard.ui.importing.steps import StepList

NAMES = (Step.LOOKING, Step.DOWNLOADING, Step.PREPARING, Step.ADDING)


def bars(steps: QWidget) -> list[int]:
    """How far each step is, in thousandths; −1 for one that only moves."""
    found = steps.findChildren(QProgressBar)
    return [max(0, bar.value()) if bar.maximum() else -1 for bar in found]


def test_downloading_goes_on_while_the_model_is_made(desk: Desktop) -> None:
    steps = StepList(desk.window.context, [PlannedStep(step) for step in NAMES])
    steps.apply(step_started(Step.LOOKING))
    steps.apply(step_finished(Step.LOOKING))
    steps.apply(step_started(Step.DOWNLOADING))
    steps.apply(step_started(Step.PREPARING))
    for done in (100, 200, 300):
        steps.apply(progress(Step.DOWNLOADING, done, 1000))
        steps.apply(progress(Step.PREPARING, done // 2, 1000))
        assert bars(steps) == [1000, done, done // 2, 0]
    plan = ImportPlan(GgufFile(Path("x")), ImportChoice(), (), (), 0, "gguf", 0)
    steps.restore(Job("x", "x", plan, JobState.PAUSED, step="preparing", done=150, total=1000))
    assert bars(steps) == [1000, 300, 150, 0]
    steps.apply(step_started(Step.LOOKING))
    steps.apply(step_finished(Step.LOOKING))
    steps.apply(progress(Step.PREPARING, 500, 1000))
    steps.apply(step_finished(Step.PREPARING))
    steps.apply(step_finished(Step.DOWNLOADING))
    steps.apply(step_started(Step.ADDING))
    assert bars(steps) == [1000, 1000, 1000, -1]
    steps.restore(replace(Job("x", "x", plan), state=JobState.DONE))
    assert bars(steps) == [1000] * 4
