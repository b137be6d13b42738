"""The sizes on offer for a model: exact bytes, memory, verdict, a guess of the time, and the one we recommend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..formats.gguf_memory import ConversationMemory
from ..host.machine import Machine
from .inspection import SizeOption
from .verdict import default_context, fit, group_of, memory_sum, recommended_size

COMMON = ("Q3_K_M", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0", "F16", "BF16")

# Million weights a second on one core (facts/converter.md; tests/bench/kernels.py prints those of this machine).
_SPEED = {"Q2": 60, "Q3": 90, "Q4_K": 80, "Q5_K": 80, "Q6": 100, "IQ4": 20, "IQ": 3, "Q4": 300, "Q5": 200, "Q8": 200}
_COPY_BYTES_A_SECOND = 400e6


@dataclass(frozen=True)
class Weights:
    """What sizes are computed from. `bytes_by_size`: exact size of the whole file at each size. `projector_bytes`: of
    the file for pictures that is loaded with any of them."""

    bytes_by_size: Mapping[str, int]
    parameters: int | None
    conversation: ConversationMemory | None
    context_limit: int | None
    active_share: float = 1.0  # of the weights, read for one token (mixtures of experts)
    projector_bytes: int = 0


def offers(weights: Weights, machine: Machine, download_bytes: int = 0) -> tuple[SizeOption, ...]:
    """Largest first. Exactly one is recommended (none if there is nothing to choose from)."""
    context = default_context(weights.context_limit)
    options = []
    for size, size_bytes in weights.bytes_by_size.items():
        memory = memory_sum(size_bytes + weights.projector_bytes, weights.conversation, context)
        options.append(
            SizeOption(
                size=size,
                result_bytes=size_bytes,
                download_bytes=download_bytes,
                group=group_of(size),
                memory=memory,
                fit=fit(memory, machine, int(size_bytes * weights.active_share)),
                seconds=preparing_seconds(size, weights.parameters or 0, size_bytes, machine.cores),
                common=size in COMMON,
                projector_bytes=weights.projector_bytes,
            )
        )
    options.sort(key=lambda option: option.result_bytes, reverse=True)
    return recommend(options, weights.parameters)


def recommend(options: Iterable[SizeOption], parameters: int | None) -> tuple[SizeOption, ...]:
    listed = list(options)
    best = recommended_size({option.size: option.fit for option in listed}, parameters)
    return tuple(
        replace(option, recommended=option.size == best, common=option.common or option.size == best)
        for option in listed
    )


def preparing_seconds(size: str, parameters: int, size_bytes: int, cores: int) -> float:
    """A guess, before anything was measured: kernel time over all cores, or writing, whichever is longer."""
    kind = next((speed for start, speed in _SPEED.items() if size.upper().startswith(start)), 1000)
    return max(parameters / (kind * 1e6 * max(cores, 1)), size_bytes / _COPY_BYTES_A_SECOND) + 0.5
