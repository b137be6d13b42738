"""Imports at work: one thread that supervises the worker process of one job, and the queue of all jobs.

The heavy lane is one job wide. Every ending is exactly one of done, failed, cancelled (or paused, when the person
asked for that), and is written into the book before anybody hears of it.
"""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QCoreApplication, QObject, QThread, QTimer, Signal

from ..errors import Code, ModelyardError
from ..events import Event, Kind, error_of
from ..importing.jobs import Job, JobState
from ..importing.plan import ImportPlan
from ..importing.wire import to_json
from .background import in_background
from .services import Services, Worker

_INTERVAL = 0.1  # seconds between progress signals
_GRACE_MS = 2500  # for a worker that was asked to stop


class JobThread(QThread):
    """Supervises the worker process of one job.

    Signals: event(Event), progress at most ten a second; then exactly one of succeeded(result), failed(error),
    cancelled(); then QThread's finished().
    """

    event = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    cancelled = Signal()

    def __init__(self, job: Job, services: Services, parent: QObject) -> None:
        super().__init__(parent)
        self.job = job
        self._services = services
        self._worker: Worker | None = None
        self._stopping = False

    def ask_to_stop(self) -> None:
        """Asks the worker to stop; what is finished of its work stays, so that the job can go on later."""
        self._stopping = True
        if self._worker is not None:
            self._worker.send({"cancel": True})

    def end_worker(self) -> None:
        """Ends a worker that did not stop by itself. Blocks for the grace time: not for the window's thread."""
        if self._worker is not None:
            self._worker.end(grace=0.2)

    def run(self) -> None:
        ending = self._supervise()
        match ending:
            case None:
                self.cancelled.emit()
            case ModelyardError():
                self.failed.emit(ending)
            case _:
                self.succeeded.emit(ending)

    def _supervise(self) -> dict[str, object] | ModelyardError | None:
        job_record = {"job": "import", "plan": to_json(self.job.plan)}
        try:
            worker = self._worker = self._services.start_worker(job_record)
        except ModelyardError as error:
            return error
        except OSError as error:
            return ModelyardError(Code.WORKER_DIED, detail=str(error))
        try:
            if self._stopping:
                worker.send({"cancel": True})
            last = self._follow(worker)
        finally:
            worker.end()
        if last is not None and last.kind is Kind.DONE:
            return dict(last.fields.get("result", {}))
        if self._stopping or (last is not None and last.kind is Kind.CANCELLED):
            return None
        if last is not None:
            return error_of(last)
        return ModelyardError(Code.WORKER_DIED, detail=worker.tail[-2000:])

    def _follow(self, worker: Worker) -> Event | None:
        """Passes events on until the last one, which is returned; None if the worker ended without one."""
        held: Event | None = None
        spoken = 0.0
        for record in worker.messages():
            try:
                event = Event.from_json(record)
            except ValueError:
                continue
            if event.kind.ends:
                return event
            if event.kind is Kind.PROGRESS:
                held = event
                if time.monotonic() - spoken < _INTERVAL:
                    continue
                spoken = time.monotonic()
            elif held is not None:
                self.event.emit(held)
            held = None
            self.event.emit(event)
        return None


class Jobs(QObject):
    """All jobs, newest first, and the one that runs.

    Signals: added(Job), changed(Job) for a new state, removed(id), event(id, Event) while running.
    """

    added = Signal(object)
    changed = Signal(object)
    removed = Signal(str)
    event = Signal(str, object)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._jobs = {job.id: job for job in services.jobs.load()}
        self._thread: JobThread | None = None
        self._ending: dict[str, JobState] = {}  # what the person asked a running job to become

    def all(self) -> list[Job]:
        return sorted(self._jobs.values(), key=lambda job: job.created, reverse=True)

    def get(self, job_id: str) -> Job | None:
        return self._jobs.get(job_id)

    def runs_elsewhere(self, job: Job) -> bool:
        """Another program (the command line) works on it."""
        return job.state is JobState.RUNNING and (self._thread is None or self._thread.job.id != job.id)

    def look_again(self) -> None:
        """Takes in what other programs wrote into the book."""
        for job in self._services.jobs.load():
            known = self._jobs.get(job.id)
            if known is None:
                self._jobs[job.id] = job
                self.added.emit(job)
            elif self.runs_elsewhere(known) and job.state is not known.state:
                self._jobs[job.id] = job
                self.changed.emit(job)

    @property
    def busy(self) -> bool:
        return self._thread is not None

    def start(self, title: str, plan: ImportPlan) -> Job:
        """Adds a job to the queue; it runs as soon as the lane is free. Raises OSError if the book is not writable."""
        job = self._services.jobs.add(title, plan)
        self._jobs[job.id] = job
        self.added.emit(job)
        self._run_next()
        return self._jobs[job.id]

    def pause(self, job_id: str) -> None:
        self._stop(job_id, JobState.PAUSED)

    def cancel(self, job_id: str) -> None:
        self._stop(job_id, JobState.CANCELLED)

    def go_on(self, job_id: str) -> None:
        """Puts a paused, interrupted or failed job back into the queue."""
        job = self._jobs[job_id]
        if job.state.can_go_on:
            self._set(replace(job, state=JobState.WAITING, error_code="", error_fields={}))
            self._run_next()

    def remove(self, job_id: str) -> None:
        """Takes the record of a job that does not run out of the book."""
        job = self._jobs.get(job_id)
        if job is None or job.state is JobState.RUNNING:
            return
        del self._jobs[job_id]
        self._services.jobs.remove(job)
        self.removed.emit(job_id)

    def close(self) -> None:
        """Stops the running job so that the next start can go on with it. Waits a few seconds for its worker."""
        thread = self._thread
        if thread is None:
            return
        self._ending.setdefault(thread.job.id, JobState.INTERRUPTED)
        thread.ask_to_stop()
        if not thread.wait(_GRACE_MS):
            thread.end_worker()
            thread.wait()
        QCoreApplication.sendPostedEvents(thread)  # its ending, which nobody would fetch any more

    def _stop(self, job_id: str, state: JobState) -> None:
        job = self._jobs[job_id]
        thread = self._thread
        if thread is not None and thread.job.id == job_id:
            self._ending[job_id] = state
            thread.ask_to_stop()
            QTimer.singleShot(_GRACE_MS, thread, lambda: self._insist(thread))
        elif not job.state.ended and not self.runs_elsewhere(job):
            self._set(replace(job, state=state))

    def _insist(self, thread: JobThread) -> None:
        if thread.isRunning():
            in_background(self, lambda _token: thread.end_worker(), lambda _: None, lambda _: None)

    def _run_next(self) -> None:
        if self._thread is not None:
            return
        waiting = [job for job in reversed(self.all()) if job.state is JobState.WAITING]
        if not waiting:
            return
        job = self._set(replace(waiting[0], state=JobState.RUNNING))
        thread = self._thread = JobThread(job, self._services, self)
        thread.event.connect(lambda event: self._follow(job.id, event))
        thread.succeeded.connect(lambda result: self._end(job.id, state=JobState.DONE, result=result))
        thread.failed.connect(
            lambda error: self._end(
                job.id, state=JobState.FAILED, error_code=error.code.value, error_fields=error.fields
            )
        )
        thread.cancelled.connect(lambda: self._end(job.id, state=self._ending.get(job.id, JobState.CANCELLED)))
        thread.finished.connect(self._free_lane)
        thread.start()

    def _follow(self, job_id: str, event: Event) -> None:
        job = self._jobs[job_id]
        if event.kind in (Kind.STEP_STARTED, Kind.PROGRESS):
            fields = event.fields
            self._jobs[job_id] = replace(
                job, step=str(fields["step"]), done=int(fields.get("done", 0)), total=int(fields.get("total", 0))
            )
        self.event.emit(job_id, event)

    def _end(self, job_id: str, **changes: object) -> None:
        self._ending.pop(job_id, None)
        self._set(replace(self._jobs[job_id], **changes))

    def _free_lane(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.deleteLater()
        self._run_next()

    def _set(self, job: Job) -> Job:
        if job.state not in (JobState.RUNNING, JobState.WAITING):
            job = replace(job, owner="")
        self._jobs[job.id] = job
        try:
            self._services.jobs.save(job)
        except OSError:
            pass  # a full disk must not stop the work; the next change tries again
        self.changed.emit(job)
        return job
