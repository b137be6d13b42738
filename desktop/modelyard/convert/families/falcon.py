"""Falcon, with one key head for all (7B) and with groups (40B, 11B) (conversion/falcon.py)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from .. import lazy
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy


class Falcon(Family):
    title = "Falcon"
    proof = "golden"
    classes: ClassVar[Names] = ("FalconForCausalLM", "RWForCausalLM")
    arch = "falcon"

    @property
    def _key_heads(self) -> int:
        """Multi-query files have one key head whatever num_kv_heads says (transformers fills it with all heads)."""
        config = self.config
        grouped = config.get("new_decoder_architecture") or "n_head_kv" in config
        if config.get("multi_query", True) and not grouped:
            return 1
        return int(config.find("num_kv_heads", "n_head_kv") or 1)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """query_key_value holds, for each key head, its queries, one key and one value; ggml wants all queries, then
        all keys, then all values."""
        if "query_key_value" in name:
            heads, groups = self.config.heads, self._key_heads
            rows = np.arange(tensor.shape[0]).reshape(groups, heads // groups + 2, -1)
            order = np.concatenate([rows[:, :-2].reshape(-1), rows[:, -2].reshape(-1), rows[:, -1].reshape(-1)])
            tensor = lazy.gathered(tensor, order)
        yield name, tensor

    def write_parameters(self, keys: Keys) -> None:
        keys.add_context_length(2048)  # not in config.json
        keys.add_tensor_data_layout("jploski")
        keys.add_embedding_length(self.config["hidden_size"])
        keys.add_feed_forward_length(4 * self.config["hidden_size"])
        keys.add_block_count(self.blocks)
        keys.add_head_count(self.config.heads)
        keys.add_head_count_kv(self._key_heads)
        keys.add_layer_norm_eps(self.config["layer_norm_epsilon"])
        keys.add_file_type()


FAMILIES = (Falcon,)
