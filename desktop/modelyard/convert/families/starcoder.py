"""StarCoder 1 and 2 (conversion/starcoder.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Family, Names
from ..keys import Keys


class StarCoder(Family):
    title = "StarCoder"
    proof = "reference"
    classes: ClassVar[Names] = ("GPTBigCodeForCausalLM",)
    arch = "starcoder"

    def write_parameters(self, keys: Keys) -> None:
        keys.add_context_length(self.config["n_positions"])
        keys.add_embedding_length(self.config["n_embd"])
        keys.add_feed_forward_length(4 * self.config["n_embd"])
        keys.add_block_count(self.blocks)
        keys.add_head_count(self.config["n_head"])
        keys.add_head_count_kv(1)
        keys.add_layer_norm_eps(self.config["layer_norm_epsilon"])
        keys.add_file_type()


class StarCoder2(Family):
    title = "StarCoder 2"
    proof = "reference"
    classes: ClassVar[Names] = ("Starcoder2ForCausalLM",)
    arch = "starcoder2"


FAMILIES = (StarCoder, StarCoder2)
