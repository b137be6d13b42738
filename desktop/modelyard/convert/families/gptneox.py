"""GPT-NeoX and Pythia (conversion/gptneox.py)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import lazy
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy


class GptNeoX(Family):
    title = "GPT-NeoX, Pythia"
    proof = "reference"
    classes: ClassVar[Names] = ("GPTNeoXForCausalLM",)
    arch = "gptneox"

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """query_key_value goes head by head; ggml wants all queries, then all keys, then all values."""
        if ".attention.query_key_value." in name:
            tensor = lazy.gathered(tensor, by_kind(tensor.shape[0], self.config["num_attention_heads"]))
        yield name, tensor

    def write_parameters(self, keys: Keys) -> None:
        width, heads = self.config["hidden_size"], self.config["num_attention_heads"]
        share = self.rope.get("partial_rotary_factor", self.config["rotary_pct"])  # the first is version 5's name
        keys.add_context_length(self.config["max_position_embeddings"])
        keys.add_embedding_length(width)
        keys.add_block_count(self.blocks)
        keys.add_feed_forward_length(self.config["intermediate_size"])
        keys.add_rope_dimension_count(int(share * (width // heads)))
        keys.add_head_count(heads)
        keys.add_parallel_residual(self.config.get("use_parallel_residual", True))
        keys.add_layer_norm_eps(self.config["layer_norm_eps"])
        self.write_base_of_version_5(keys)


def by_kind(rows: int, heads: int) -> NDArray[np.int64]:
    """Rows that go [q, k, v] head by head, in the order of all queries, all keys, all values."""
    return np.arange(rows).reshape(heads, 3, -1).swapaxes(0, 1).reshape(-1)


FAMILIES = (GptNeoX,)
