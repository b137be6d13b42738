"""StableLM, also with norms of queries and keys, head by head (conversion/stablelm.py)."""

from __future__ import annotations

import re
from typing import ClassVar

from .. import lazy
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..model import Model

_NORM = re.compile(r"(.*\.([qk])_layernorm)\.norms\.(\d+)\.weight")


class StableLm(Family):
    title = "StableLM"
    proof = "reference"
    classes: ClassVar[Names] = ("StableLmForCausalLM", "StableLMEpochForCausalLM")
    text_only: ClassVar[Names] = ("LlavaStableLMEpochForCausalLM",)
    arch = "stablelm"

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._norms: dict[str, dict[int, Lazy]] = {}

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """The norms of all heads of a layer become one tensor (the reference loses them)."""
        found = _NORM.fullmatch(name)
        if found is None:
            yield name, tensor
            return
        parts = self._norms.setdefault(found[1], {})
        parts[int(found[3])] = tensor
        if len(parts) == (self.config.heads if found[2] == "q" else self.config.key_heads):
            del self._norms[found[1]]
            yield f"{found[1]}.weight", lazy.stacked([part for _, part in sorted(parts.items())])

    def finish(self) -> Named:
        for name in self._norms:
            raise self.missing(f"{name}.norms.*")
        yield from ()

    def write_parameters(self, keys: Keys) -> None:
        config = self.config
        keys.add_context_length(config["max_position_embeddings"])
        keys.add_embedding_length(config["hidden_size"])
        keys.add_block_count(self.blocks)
        keys.add_feed_forward_length(config["intermediate_size"])
        share = self.rope.get("partial_rotary_factor", 0.25)
        keys.add_rope_dimension_count(int(share * (config["hidden_size"] // config["num_attention_heads"])))
        keys.add_head_count(config["num_attention_heads"])
        keys.add_head_count_kv(config["num_key_value_heads"])
        keys.add_parallel_residual(config.get("use_parallel_residual", True))
        keys.add_layer_norm_eps(config.need("layer_norm_eps", "norm_eps"))
        keys.add_file_type()
        self.write_base_of_version_5(keys)


FAMILIES = (StableLm,)
