"""How long a conversation memory to give a model when nobody said: by the model's limit and the memory at hand."""

from __future__ import annotations

from ...host.machine import Machine
from ..facts import ModelFacts

_LEAST = 2048
_MOST = 16384
_OVERHEAD = 300 << 20  # the program and llama.cpp's working buffers
_UNKNOWN_LIMIT = 4096


def automatic_context(facts: ModelFacts, machine: Machine) -> int:
    """Tokens. The largest power of two up to 16384 and the model's limit whose cache takes at most half of the memory
    that the weights leave free; never below 2048 (or the limit), since less is of no use."""
    limit = facts.context_length or _UNKNOWN_LIMIT
    free = max(machine.memory_free, machine.memory // 2) - facts.weight_bytes - _OVERHEAD
    context = _MOST
    while context > _LEAST and (context > limit or cache_bytes(facts, context) > free // 2):
        context //= 2
    return min(context, limit)


def cache_bytes(facts: ModelFacts, context: int) -> int:
    """Bytes of conversation memory for `context` tokens, in proportion to the nearest known length. Unknown models
    count with an eighth of their weights for 4096 tokens."""
    known = facts.cache_bytes
    if not known:
        return facts.weight_bytes // 8 * context // 4096
    nearest = min(known, key=lambda tokens: abs(tokens - context))
    return known[nearest] * context // max(1, nearest)


def memory_needed(facts: ModelFacts, context: int) -> int:
    """Bytes for weights, conversation memory and the rest."""
    return facts.weight_bytes + cache_bytes(facts, context) + _OVERHEAD
