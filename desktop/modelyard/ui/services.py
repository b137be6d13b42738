"""What the window needs from the rest of the house, handed in by bootstrap.py. Tests hand in twins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ..engines.base import Engine, InstalledModel
from ..events import CancelToken
from ..host.folders import Folders
from ..host.machine import Machine
from ..host.settings import Settings
from ..importing.inspection import Inspection, Refusal
from ..importing.jobs import JobBook
from ..importing.plan import ImportChoice, ImportPlan
from ..importing.sources import Source
from ..modelfile.persona import Persona

if TYPE_CHECKING:
    from ..chat.store import ChatStore
    from ..host.proxy_login import ProxyLogin
    from ..hub.values import Account
    from ..importing.access import HubAccess
    from ..importing.checkup import Checkup
    from ..importing.running_cost import RunningCost


class Worker(Protocol):
    """A worker process doing one job (host.children.Child). `messages` ends when it ends."""

    def send(self, record: Mapping[str, Any]) -> bool: ...

    def messages(self) -> Iterator[dict[str, Any]]: ...

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
class Tools:
    """What the settings and the self-check ask. All block and raise ModelyardError.

    `try_ollama`: the version of the Ollama at an address; empty means this computer. `newer_release`: the version of
    a newer Modelyard, or ""."""

    try_ollama: Callable[[str], str]
    access: HubAccess
    checkup: Checkup
    newer_release: Callable[[], str]
    proxy_login: ProxyLogin


@dataclass(frozen=True)
class Services:
    """Collaborators of the window.

    `engines` (by id) and `chats` are made when first asked for; `parse` understands what was typed or dropped; `plan`
    decides. These may block and raise ModelyardError: never on the window's thread. `start_worker` starts a worker on a
    job record (importing/worker.py) and raises OSError. `starters` takes the language. `sample_model` is a path or
    link of the small sample model. `redact` removes secrets. `machine` is this computer; `publisher` tells whose access
    key it is and raises what keeps it from publishing; `search_hub` finds models by words; `running_cost` tells what a
    model takes of memory: all four block.
    """

    settings: Settings
    folders: Folders
    engines: Callable[[], Mapping[str, Engine]]
    parse: Callable[[str], Source]
    plan: Callable[[Inspection, ImportChoice], ImportPlan | Refusal]
    jobs: JobBook
    start_worker: Callable[[Mapping[str, Any]], Worker]
    technical_name: Callable[[str], str]
    sample_model: str
    chats: Callable[[], ChatStore]
    starters: Callable[[str], tuple[Starter, ...]]
    redact: Callable[[str], str]
    machine: Callable[[], Machine]
    publisher: Callable[[CancelToken], Account]
    search_hub: Callable[[str, CancelToken], list[str]]
    running_cost: Callable[[InstalledModel], RunningCost | None]
    tools: Tools
