"""GPT-2, whose linear layers are stored transposed (conversion/gpt2.py)."""

from __future__ import annotations

from typing import ClassVar

from .. import lazy
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy


class Gpt2(Family):
    title = "GPT-2"
    proof = "golden"
    classes: ClassVar[Names] = ("GPT2LMHeadModel",)
    arch = "gpt2"
    skipped: ClassVar[Names] = (".attn.bias",)  # causal masks in older files

    def write_parameters(self, keys: Keys) -> None:
        keys.add_block_count(self.blocks)
        keys.add_context_length(self.config.need("n_ctx", "n_positions"))
        keys.add_embedding_length(self.config["n_embd"])
        keys.add_feed_forward_length(4 * self.config["n_embd"])
        keys.add_head_count(self.config["n_head"])
        keys.add_layer_norm_eps(self.config["layer_norm_epsilon"])
        keys.add_file_type()

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight")):
            tensor = lazy.transposed(tensor)
        yield name, tensor


FAMILIES = (Gpt2,)
