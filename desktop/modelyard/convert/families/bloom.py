"""BLOOM (conversion/bloom.py)."""

from __future__ import annotations

from typing import ClassVar

from .. import lazy
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from .gptneox import by_kind


class Bloom(Family):
    title = "BLOOM"
    proof = "reference"
    classes: ClassVar[Names] = ("BloomForCausalLM", "BloomModel")
    arch = "bloom"

    def rename(self, name: str) -> str | None:
        return super().rename(name.replace("transformer.", ""))

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if ".self_attention.query_key_value." in name:
            tensor = lazy.gathered(tensor, by_kind(tensor.shape[0], self.config.need("n_head", "num_attention_heads")))
        yield name, tensor

    def write_parameters(self, keys: Keys) -> None:
        width, heads = self.config.need("hidden_size", "n_embed"), self.config.need("n_head", "num_attention_heads")
        keys.add_context_length(self.config.get("seq_length", width))
        keys.add_embedding_length(width)
        keys.add_feed_forward_length(4 * width)
        keys.add_block_count(self.blocks)
        keys.add_head_count(heads)
        keys.add_head_count_kv(heads)
        keys.add_layer_norm_eps(self.config["layer_norm_epsilon"])
        keys.add_file_type()


FAMILIES = (Bloom,)
