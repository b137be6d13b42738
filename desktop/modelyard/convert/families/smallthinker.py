"""SmallThinker: experts chosen before attention, for machines without much memory (conversion/smallthinker.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from ..family import Family, Names, Rows
from ..keys import Keys


class SmallThinker(Family):
    title = "SmallThinker"
    proof = "reference"
    classes: ClassVar[Names] = ("SmallThinkerForCausalLM",)
    arch = "smallthinker"
    experts: ClassVar[Names] = ("down", "gate", "up")
    expert_path: ClassVar[str] = "block_sparse_moe.experts"
    extra: ClassVar[Rows] = (
        ("expert_count", ("moe_num_primary_experts",)),
        ("expert_used_count", ("moe_num_active_primary_experts",)),
        ("expert_feed_forward_length", ("moe_ffn_hidden_size",)),
        ("feed_forward_length", ("moe_ffn_hidden_size",)),
    )

    @property
    def expert_count(self) -> int:
        return int(self.config.get("moe_num_primary_experts") or super().expert_count)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config, kinds = self.config, gguf.ExpertGatingFuncType
        softmax = bool(config.get("moe_primary_router_apply_softmax"))
        keys.add_expert_gating_func(kinds.SOFTMAX if softmax else kinds.SIGMOID)
        window = config.get("sliding_window_size")
        if window and any(layer != 0 for layer in config.get("sliding_window_layout") or ()):
            keys.add_sliding_window(window)


FAMILIES = (SmallThinker,)
