"""InternLM 2 and 3 (conversion/internlm.py)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from .. import lazy
from ..family import Family, Named, Names, Permuted
from ..keys import Keys
from ..lazy import Lazy
from ..vocab.internlm import write_internlm2_vocabulary, write_internlm3_vocabulary


class InternLm2(Family):
    title = "InternLM 2"
    proof = "reference"
    classes: ClassVar[Names] = ("InternLM2ForCausalLM",)
    arch = "internlm2"

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """wqkv holds, for each key head, its queries, one key and one value."""
        if f"model.layers.{block}.attention.wqkv" not in name:
            yield name, tensor
            return
        heads, groups = self.config.heads, self.config.key_heads
        rows = np.arange(tensor.shape[0]).reshape(groups, heads // groups + 2, -1)
        queries = lazy.gathered(tensor, rows[:, :-2].reshape(-1))
        keys = lazy.gathered(tensor, rows[:, -2].reshape(-1))
        yield f"blk.{block}.attn_q.weight", lazy.permuted(queries, heads)
        yield f"blk.{block}.attn_k.weight", lazy.permuted(keys, groups)
        yield f"blk.{block}.attn_v.weight", lazy.gathered(tensor, rows[:, -1].reshape(-1))

    def write_vocabulary(self, keys: Keys) -> None:
        write_internlm2_vocabulary(self.model, keys)


class InternLm3(Family):
    title = "InternLM 3"
    proof = "reference"
    classes: ClassVar[Names] = ("InternLM3ForCausalLM",)
    arch = "llama"
    permuted: ClassVar[Permuted] = (("q_proj", "heads"), ("k_proj", "key_heads"))

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_vocab_size(self.config["vocab_size"])
        keys.add_rope_dimension_count(self.config.head_size)

    def write_vocabulary(self, keys: Keys) -> None:
        write_internlm3_vocabulary(self.model, keys)


FAMILIES = (InternLm2, InternLm3)
