"""What the window needs from the rest of the house, handed in by bootstrap.py. Tests hand in twins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..engines.base import Engine
from ..events import CancelToken
from ..host.folders import Folders
from ..host.settings import Settings
from ..importing.inspection import Inspection, Refusal
from ..importing.jobs import Job, JobBook
from ..importing.plan import ImportChoice, ImportPlan
from ..importing.sources import Source
from ..modelfile.persona import Persona


class Worker(Protocol):
    """A worker process doing one job (host.children.Child)."""

    def send(self, record: Mapping[str, Any]) -> bool: ...

    def messages(self) -> Iterator[dict[str, Any]]: ...

    def wait(self, seconds: float | None = None) -> int | None: ...

    def end(self, grace: float = 2.0) -> None: ...

    @property
    def tail(self) -> str: ...


@dataclass(frozen=True)
class Starter:
    """A persona to begin with, in the language of the window: its title, one line about it."""

    title: str
    line: str
    persona: Persona


@dataclass(frozen=True)
class Services:
    """Collaborators of the window.

    `parse` understands what was typed or dropped; `inspect` reads headers only; `plan` decides. All three may block
    and raise ModelyardError. `starters` takes the language. `start_worker` starts the process that does a job; `engines` are by id.
    """

    settings: Settings
    folders: Folders
    engines: Mapping[str, Engine]
    parse: Callable[[str], Source]
    inspect: Callable[[Source, CancelToken], Inspection]
    plan: Callable[[Inspection, ImportChoice], ImportPlan | Refusal]
    jobs: JobBook
    start_worker: Callable[[Job], Worker]
    technical_name: Callable[[str], str]
    starters: Callable[[str], tuple[Starter, ...]]
    redact: Callable[[str], str]
