"""Everything the list shows about the models of one engine, gathered in the background."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from ...engines.base import Engine, EngineState, EngineStatus, InstalledModel, RunningModel
from ...errors import ModelyardError
from ...host.machine import Machine
from ...importing.inspection import Fit, MemorySum
from .listing import shown_name


@dataclass(frozen=True)
class Entry:
    """An installed model with what it takes to run it here. `memory` and `fit` are None for a model that runs
    elsewhere (Ollama's cloud); `exact`: the conversation's share is known, not guessed. `running`: it is in memory."""

    model: InstalledModel
    memory: MemorySum | None = None
    fit: Fit | None = None
    exact: bool = False
    running: RunningModel | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.model.engine, self.model.name

    @property
    def name(self) -> str:
        return shown_name(self.model)


@dataclass(frozen=True)
class EngineView:
    """`entries` is empty where the engine could not be asked; `status` then says why."""

    status: EngineStatus
    entries: tuple[Entry, ...] = ()


class Order(StrEnum):
    NAME = "name"
    NEWEST = "newest"
    LARGEST = "largest"
    SMALLEST = "smallest"


def look_at_engine(engine: Engine, machine: Machine) -> EngineView:
    """Blocks. An engine that does not answer is a status, not an error."""
    status = engine.status()
    if status.state is EngineState.UNREACHABLE:  # asking again would only take as long again
        return EngineView(status)
    try:
        models = engine.models()
        running = {each.name: each for each in engine.running()} if models else {}
    except ModelyardError:
        if status.state is EngineState.READY:  # it went away between the two questions
            status = replace(status, state=EngineState.UNREACHABLE)
        return EngineView(status)
    return EngineView(status, tuple(entry_of(model, machine, running.get(model.name)) for model in models))


def entry_of(model: InstalledModel, machine: Machine, running: RunningModel | None = None) -> Entry:
    from ...importing.verdict import default_context, fit, memory_sum

    if model.remote or not model.size_bytes:
        return Entry(model, running=running)
    memory = memory_sum(model.size_bytes, None, default_context(model.context_length))
    exact = model.conversation_bytes is not None
    if model.conversation_bytes is not None:
        memory = replace(memory, conversation=model.conversation_bytes)
    return Entry(model, memory, fit(memory, machine), exact, running)


def wanted(entries: Iterable[Entry], search: str, order: Order) -> list[Entry]:
    """Those with every word of `search` somewhere in what is known about them, in order."""
    words = search.casefold().split()
    found = [entry for entry in entries if all(word in _text(entry) for word in words)]
    found.sort(key=lambda entry: (entry.name.casefold(), entry.model.engine))
    match order:
        case Order.NEWEST:
            found.sort(key=lambda entry: -entry.model.modified)
        case Order.LARGEST:
            found.sort(key=lambda entry: -entry.model.size_bytes)
        case Order.SMALLEST:
            found.sort(key=lambda entry: entry.model.size_bytes)
        case Order.NAME:
            pass
    return found


def _text(entry: Entry) -> str:
    model = entry.model
    parts = (entry.name, model.name, model.architecture, model.size_label, model.engine, *model.capabilities)
    return " ".join(parts).casefold()
