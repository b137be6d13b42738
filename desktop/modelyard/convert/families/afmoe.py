"""Arcee's Trinity: many experts after dense layers, gates on what attention finds (conversion/afmoe.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Family, Names, Permuted, Rows
from ..keys import Keys
from .llama import Llama

_AFTER_LLAMA: Rows = (
    ("expert_shared_count", ("num_shared_experts",)),
    ("expert_feed_forward_length", ("moe_intermediate_size",)),
    ("leading_dense_block_count", ("num_dense_layers",)),
    ("expert_weights_norm", ("route_norm",)),
    ("expert_weights_scale", ("route_scale",)),
    ("sliding_window", ("sliding_window",)),
)


class Afmoe(Llama):
    title = "Arcee Trinity"
    proof = "reference"
    classes: ClassVar[Names] = ("AfmoeForCausalLM",)
    text_only: ClassVar[Names] = ()
    arch = "afmoe"
    permuted: ClassVar[Permuted] = ()
    experts: ClassVar[Names] = ("gate_proj", "up_proj", "down_proj")
    expert_path: ClassVar[str] = Family.expert_path

    def rename(self, name: str) -> str | None:
        return super().rename(f"{name}.bias" if name.endswith(".expert_bias") else name)

    def expert_name(self, block: int, kind: str) -> str:
        return Family.expert_name(self, block, kind)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        self.write_rows(_AFTER_LLAMA, keys)


FAMILIES = (Afmoe,)
