"""What travels from the work to those who watch it: the worker prints events as JSON lines, the command line's
--json prints the same, the window draws them. Exactly one terminal event (done, failed, cancelled) ends a job."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .errors import Cancelled, Code, ModelyardError


class Step(StrEnum):
    """The named steps of a job, in the order in which a person meets them."""

    LOOKING = "looking"
    DOWNLOADING = "downloading"
    PREPARING = "preparing"
    ADDING = "adding"
    TESTING = "testing"
    PUBLISHING = "publishing"


class Kind(StrEnum):
    STEP_STARTED = "step_started"
    PROGRESS = "progress"
    STEP_FINISHED = "step_finished"
    WARNING = "warning"
    PLAN = "plan"
    TEXT = "text"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ends(self) -> bool:
        return self in (Kind.DONE, Kind.FAILED, Kind.CANCELLED)


@dataclass(frozen=True)
class Event:
    """One event. `fields` holds plain JSON values only.

    progress: step, done, total (0 = unknown), unit ("bytes", "tensors", "tokens")
    warning:  code (a string of words/warnings), its fields
    failed:   code (errors.Code), fields
    plan:     the plan about to be run
    text:     text, thinking: a piece of an answer
    done:     result
    """

    kind: Kind
    fields: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"event": self.kind.value, **self.fields}

    @staticmethod
    def from_json(record: Mapping[str, Any]) -> Event:
        """Raises ValueError if the record is not an event."""
        rest = dict(record)
        return Event(Kind(str(rest.pop("event", ""))), rest)


Listener = Callable[[Event], None]


def step_started(step: Step) -> Event:
    return Event(Kind.STEP_STARTED, {"step": step.value})


def step_finished(step: Step) -> Event:
    return Event(Kind.STEP_FINISHED, {"step": step.value})


def progress(step: Step, done: int, total: int, unit: str = "bytes") -> Event:
    return Event(Kind.PROGRESS, {"step": step.value, "done": done, "total": total, "unit": unit})


def warning(code: str, **fields: str | int | float | None) -> Event:
    return Event(Kind.WARNING, {"code": code, "fields": fields})


def failed(error: ModelyardError) -> Event:
    return Event(Kind.FAILED, {"code": error.code.value, "fields": dict(error.fields)})


def done(result: Mapping[str, Any]) -> Event:
    return Event(Kind.DONE, {"result": dict(result)})


def error_of(event: Event) -> ModelyardError:
    """The error carried by a `failed` event; an unknown code becomes INTERNAL."""
    fields = dict(event.fields.get("fields", {}))
    try:
        return ModelyardError(Code(event.fields["code"]), **fields)
    except (KeyError, ValueError):
        return ModelyardError(Code.INTERNAL, detail=str(event.fields.get("code")))


class CancelToken:
    """Asks work to stop. Thread-safe; work calls `check()` often (at least every 100 ms)."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._hooks: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def cancel(self) -> None:
        with self._lock:
            self._event.set()
            hooks, self._hooks = self._hooks, []
        for hook in hooks:
            hook()

    def on_cancel(self, hook: Callable[[], None]) -> None:
        """Calls `hook` once when cancelled (at once if it already is): to close a socket, kill a child."""
        with self._lock:
            if not self._event.is_set():
                self._hooks.append(hook)
                return
        hook()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raises Cancelled if somebody asked to stop."""
        if self._event.is_set():
            raise Cancelled

    def wait(self, seconds: float) -> bool:
        """Sleeps; returns True at once if cancelled meanwhile."""
        return self._event.wait(seconds)
