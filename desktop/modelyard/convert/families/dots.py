"""rednote's dots.llm1: many experts after a few dense layers (conversion/dots1.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Names, Rows
from .qwen import Qwen2Moe


class Dots1(Qwen2Moe):
    title = "dots.llm1"
    proof = "reference"
    classes: ClassVar[Names] = ("Dots1ForCausalLM",)
    arch = "dots1"
    scores: ClassVar[str] = "sigmoid"
    extra: ClassVar[Rows] = (
        *Qwen2Moe.extra,
        ("leading_dense_block_count", ("first_k_dense_replace",)),
        ("expert_shared_count", ("n_shared_experts",)),
        ("expert_weights_scale", ("routed_scaling_factor",)),
        ("expert_weights_norm", ("norm_topk_prob",)),
    )


FAMILIES = (Dots1,)
