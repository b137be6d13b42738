"""MiniMax M2: every layer has experts, only part of a head is rotated (conversion/minimax.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Family, Names, Rows


class MiniMaxM2(Family):
    title = "MiniMax M2"
    proof = "reference"
    classes: ClassVar[Names] = ("MiniMaxM2ForCausalLM",)
    arch = "minimax-m2"
    extra: ClassVar[Rows] = (
        ("expert_feed_forward_length", ("intermediate_size",)),
        ("rope_dimension_count", ("rotary_dim",)),
    )
    experts: ClassVar[Names] = ("w1", "w2", "w3")
    expert_path: ClassVar[str] = "block_sparse_moe.experts"


FAMILIES = (MiniMaxM2,)
