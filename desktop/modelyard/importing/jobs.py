"""The book of jobs: every import as a small file, so that it survives a restart, a sleep, a crash."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from ..host.owner import is_alive, this_process
from .plan import ImportPlan
from .wire import from_json, to_json


class JobState(StrEnum):
    WAITING = "waiting"  # in the queue
    RUNNING = "running"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"  # found at the start: the program or the machine ended in the middle
    FAILED = "failed"
    CANCELLED = "cancelled"
    DONE = "done"

    @property
    def ended(self) -> bool:
        return self in (JobState.CANCELLED, JobState.DONE)

    @property
    def can_go_on(self) -> bool:
        return self in (JobState.PAUSED, JobState.INTERRUPTED, JobState.FAILED)


@dataclass(frozen=True)
class Job:
    """One import. `error_code`, `error_fields` of a failure; `result`: fields of the done event."""

    id: str
    title: str
    plan: ImportPlan
    state: JobState = JobState.WAITING
    created: float = 0.0
    step: str = ""
    done: int = 0
    total: int = 0
    error_code: str = ""
    error_fields: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    owner: str = ""  # the process that runs it (host/owner.py)


class JobBook:
    """Reads and writes jobs in one folder. One window owns it (single instance); calls are quick and unlocked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)

    def add(self, title: str, plan: ImportPlan) -> Job:
        job = Job(id=secrets.token_hex(6), title=title, plan=plan, created=time.time())
        self.save(job)
        return job

    def save(self, job: Job) -> None:
        if job.state in (JobState.RUNNING, JobState.WAITING) and not job.owner:
            job = replace(job, owner=this_process())
        path = self.folder / f"{job.id}.json"
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps(to_json(job), ensure_ascii=False), encoding="utf-8")
        temporary.replace(path)

    def remove(self, job: Job) -> None:
        (self.folder / f"{job.id}.json").unlink(missing_ok=True)

    def load(self) -> list[Job]:
        """All jobs, newest first. A job whose process ended in the middle is now INTERRUPTED; one that a live
        process runs (the command line beside the window) is left alone; a damaged record is kept aside."""
        jobs: list[Job] = []
        for path in self.folder.glob("*.json"):
            try:
                job = from_json(Job, json.loads(path.read_text(encoding="utf-8")))
            except (ValueError, OSError):
                with contextlib.suppress(OSError):
                    path.replace(path.with_suffix(".damaged"))
                continue
            if job.state in (JobState.RUNNING, JobState.WAITING) and not is_alive(job.owner):
                job = replace(job, state=JobState.INTERRUPTED, owner="")
                self.save(job)
            jobs.append(job)
        return sorted(jobs, key=lambda job: job.created, reverse=True)
