"""Does a size suit this computer? The sum is shown, and nothing is ever blocked."""

from __future__ import annotations

from ..formats.gguf_memory import ConversationMemory
from ..host.machine import Machine
from .inspection import Fit, Group, MemorySum

_PAGE_TOKENS = 500  # a printed page of text
_OVERHEAD = 300 << 20  # program, compute buffers of llama.cpp at a batch of 512
_DEFAULT_CONTEXT = 4096
_ROOM_FOR_OTHERS = 1 << 30  # the system and what else is open
_CPU_BYTES_A_SECOND = 18e9  # memory bandwidth of an ordinary laptop: weights are read once for each token
_READABLE_TOKENS_A_SECOND = 3.0

_GROUPS = {
    Group.SMALL: ("IQ1", "IQ2", "IQ3", "Q2", "Q3", "IQ4_XS", "TQ"),
    Group.BALANCED: ("Q4", "IQ4_NL", "Q5", "MXFP4"),
}


def default_context(limit: int | None) -> int:
    """Tokens of conversation we count with: an ordinary length, or the model's own limit."""
    return min(_DEFAULT_CONTEXT, limit or _DEFAULT_CONTEXT)


def pages(context: int) -> int:
    """How many printed pages a conversation memory of `context` tokens holds."""
    return max(1, round(context / _PAGE_TOKENS))


def memory_sum(weight_bytes: int, conversation: ConversationMemory | None, context: int) -> MemorySum:
    """What running takes. An unknown conversation cost counts as a fifth of the weights."""
    cache = conversation.bytes_for(context) if conversation else weight_bytes // 5
    return MemorySum(weight_bytes, cache, _OVERHEAD + weight_bytes // 50, context)


def fit(memory: MemorySum, machine: Machine, active_bytes: int | None = None) -> Fit:
    """`active_bytes`: weights read for each token (less than all in mixture-of-experts models)."""
    own = max((each.memory for each in machine.graphics if not each.shared), default=0)
    shared = max((each.memory for each in machine.graphics if each.shared and each.memory), default=0)
    if own and memory.total <= own * 0.92:
        return Fit.FITS
    room = machine.memory - min(_ROOM_FOR_OTHERS, machine.memory // 4)
    if memory.total > room + own // 2:
        return Fit.WONT_FIT
    if memory.total > room * 0.85:
        return Fit.SLOW
    speed = _CPU_BYTES_A_SECOND * (4 if shared else 1) / max(active_bytes or memory.weights, 1)
    return Fit.FITS if speed >= _READABLE_TOKENS_A_SECOND else Fit.SLOW


def group_of(size: str) -> Group:
    upper = size.upper()
    for group, starts in _GROUPS.items():
        if upper.startswith(starts):
            return group
    return Group.LARGE


def recommended_size(fits: dict[str, Fit], parameters: int | None) -> str:
    """The size we would take ourselves: small models lose most by shrinking, so they stay near the original."""
    small = parameters is not None and parameters < 1_000_000_000
    order = [*(["Q8_0"] if small else []), "Q4_K_M", "Q4_K_S", "IQ4_XS", "Q4_0", "Q3_K_M", "Q2_K"]
    for wanted in (Fit.FITS, Fit.SLOW):
        for size in order:
            if fits.get(size) is wanted:
                return size
    return next((size for size in reversed(order) if size in fits), next(iter(fits), ""))
