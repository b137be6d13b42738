"""What an installed model takes of memory while it runs, for any length of conversation."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..engines.base import InstalledModel
from ..errors import ModelyardError
from ..formats.gguf_facts import facts
from ..formats.gguf_memory import ConversationMemory
from ..formats.split import read_set
from ..host.machine import Machine
from .inspection import Fit, MemorySum
from .verdict import default_context, fit, memory_sum

_ORDINARY = 4096  # tokens that InstalledModel.conversation_bytes counts with


@dataclass(frozen=True)
class RunningCost:
    """`at` and `fit` reckon, they read nothing. `usual_context`: what we count with where nothing is said."""

    weights: int
    machine: Machine
    conversation: ConversationMemory | None = None
    ordinary_bytes: int | None = None
    context_length: int | None = None

    @property
    def usual_context(self) -> int:
        return default_context(self.context_length)

    def at(self, context: int) -> MemorySum:
        """`context` in tokens."""
        memory = memory_sum(self.weights, self.conversation, context)
        if self.conversation is None:
            ordinary = self.ordinary_bytes if self.ordinary_bytes is not None else memory.conversation
            memory = replace(memory, conversation=ordinary * context // _ORDINARY)
        return memory

    def fit(self, context: int) -> Fit:
        return fit(self.at(context), self.machine)


def running_cost(model: InstalledModel, machine: Machine) -> RunningCost | None:
    """Exact where the model's file can be read here, else in proportion. None for a model that runs elsewhere. Blocks:
    reads a file's header."""
    if model.remote or not model.size_bytes:
        return None
    conversation: ConversationMemory | None = None
    if model.location is not None:
        try:
            group, _ = read_set(model.location)
            conversation = facts(group.header).memory
        except ModelyardError:
            pass  # what a damaged file costs is the engine's to say
    return RunningCost(model.size_bytes, machine, conversation, model.conversation_bytes, model.context_length)
