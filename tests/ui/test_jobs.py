"""Jobs at work: one ending each, in the book before anybody hears of it; pause, cancel, go on, a dead worker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from modelyard.errors import Code
from modelyard.events import Step, progress, step_started
from modelyard.importing.inspection import Refusal
from modelyard.importing.jobs import Job, JobBook, JobState
from modelyard.importing.plan import ImportChoice, ImportPlan
from modelyard.ui.jobs import Jobs, JobThread

from .scenes import pump, wait_for
from .twins import House, import_script, inspection_of, plan_of


@pytest.fixture
def jobs(qapp: QApplication, house: House) -> Iterator[Jobs]:
    made = Jobs(house.services)
    yield made
    made.close()
    pump(0.02)


def plan() -> ImportPlan:
    found = plan_of(inspection_of(Path("/x/model.gguf")), ImportChoice())
    assert not isinstance(found, Refusal)
    return found


def kept(house: House) -> list[Job]:
    return JobBook(house.folders.jobs).load()


def run(jobs: Jobs) -> tuple[list[JobState], Job]:
    """Starts a job and waits for its end; the states it went through."""
    states: list[JobState] = []
    jobs.changed.connect(lambda job: states.append(job.state))
    job = jobs.start("SmolLM2", plan())
    wait_for(lambda: not jobs.busy)
    found = jobs.get(job.id)
    assert found is not None
    return states, found


def test_done(jobs: Jobs, house: House) -> None:
    states, job = run(jobs)
    assert states == [JobState.RUNNING, JobState.DONE]
    assert job.result["verdict"] == "good"
    assert [each.state for each in kept(house)] == [JobState.DONE]


def test_failed_with_its_error(jobs: Jobs, house: House) -> None:
    failure = {"event": "failed", "code": "disk_full", "fields": {"folder": "/x", "need_bytes": 5, "free_bytes": 1}}
    house.script = [*import_script()[:4], failure]
    states, job = run(jobs)
    assert states == [JobState.RUNNING, JobState.FAILED]
    assert (job.error_code, job.error_fields["need_bytes"]) == ("disk_full", 5)
    house.script = import_script()
    jobs.go_on(job.id)
    wait_for(lambda: not jobs.busy)
    assert [each.state for each in kept(house)] == [JobState.DONE]


def test_a_worker_that_dies_is_an_error(jobs: Jobs, house: House) -> None:
    house.script = import_script()[:5]
    _states, job = run(jobs)
    assert (job.state, job.error_code) == (JobState.FAILED, Code.WORKER_DIED.value)
    assert job.error_fields["detail"] == "Killed"


def test_a_worker_that_cannot_start_is_an_error(jobs: Jobs, house: House) -> None:
    def nobody(_record: Any) -> Any:
        raise OSError("no such program")

    object.__setattr__(jobs._services, "start_worker", nobody)
    _states, job = run(jobs)
    assert (job.state, job.error_code) == (JobState.FAILED, Code.WORKER_DIED.value)


def test_pause_go_on_and_cancel(jobs: Jobs, house: House) -> None:
    house.script = import_script(pause=5.0)
    job = jobs.start("SmolLM2", plan())
    second = jobs.start("Another", plan())
    assert second.state is JobState.WAITING
    jobs.pause(job.id)
    wait_for(lambda: jobs._jobs[job.id].state is JobState.PAUSED)
    wait_for(lambda: jobs._jobs[second.id].state is JobState.RUNNING)
    jobs.cancel(second.id)
    wait_for(lambda: jobs._jobs[second.id].state is JobState.CANCELLED)
    house.script = import_script()
    jobs.go_on(job.id)
    wait_for(lambda: jobs._jobs[job.id].state is JobState.DONE)
    jobs.remove(second.id)
    assert [each.id for each in kept(house)] == [job.id]


def test_closing_leaves_the_job_to_go_on_with(qapp: QApplication, house: House) -> None:
    house.script = import_script(pause=5.0)
    jobs = Jobs(house.services)
    job = jobs.start("SmolLM2", plan())
    pump(0.1)
    jobs.close()
    again = Jobs(house.services).all()
    assert [(each.id, each.state) for each in again] == [(job.id, JobState.INTERRUPTED)]


def test_progress_comes_at_most_ten_times_a_second(qapp: QApplication, house: House) -> None:
    start = step_started(Step.ADDING).to_json()
    flood = [progress(Step.ADDING, number, 20_000).to_json() for number in range(20_000)]
    house.script = [start, *flood, *import_script()[-1:]]
    heard: list[int] = []
    endings: list[str] = []
    job = JobBook(house.folders.jobs).add("SmolLM2", plan())
    thread = JobThread(job, house.services, qapp)
    thread.event.connect(lambda event: heard.append(event.fields.get("done", -1)))
    thread.succeeded.connect(lambda _result: endings.append("succeeded"))
    thread.failed.connect(lambda _error: endings.append("failed"))
    thread.cancelled.connect(lambda: endings.append("cancelled"))
    thread.finished.connect(lambda: endings.append("finished"))
    begun = time.monotonic()
    thread.start()
    wait_for(lambda: endings[-1:] == ["finished"])
    assert endings == ["succeeded", "finished"]
    assert len(heard) <= 3 + 10 * (time.monotonic() - begun)
