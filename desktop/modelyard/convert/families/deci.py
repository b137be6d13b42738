"""NVIDIA's Llama-Nemotron Super and Ultra, and DeciLM: Llamas in which layers differ (conversion/deci.py)."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import lazy
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..model import Model
from ..vocab.bpe import write_bpe
from ..vocab.spm import is_byte_fallback, write_byte_fallback


class Deci(Family):
    """Layers have as many heads and as wide a feed-forward part as a search found good; some have none."""

    title = "Llama-Nemotron Super, DeciLM"
    proof = "reference"
    classes: ClassVar[Names] = ("DeciLMForCausalLM",)
    arch = "deci"
    scales_like_llama3: ClassVar[bool] = True

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._layers: list[dict[str, Any]] | None = self.config.get("block_configs")
        if self._layers is not None and len(self._layers) != self.blocks:
            raise ValueError(f"{len(self._layers)} block_configs for {self.blocks} layers")

    def _heads(self, block: int | None) -> tuple[int, int]:
        """Of queries and of keys in a layer; no heads at all where there is no attention."""
        heads = self.config.heads
        if self._layers is None or block is None:
            shared = self.config.get("num_key_value_heads_per_layer")
            return heads, self.config.key_heads if shared is None or block is None else int(shared[block])
        attention = self._layers[block]["attention"]
        if (group := attention["n_heads_in_group"]) is not None:
            return heads, heads // int(group)
        return (heads if attention["replace_with_linear"] is True else 0), 0

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        heads, key_heads = self._heads(block)
        if name.endswith(("q_proj.weight", "q_proj.bias")):
            tensor = lazy.permuted(tensor, heads)
        elif name.endswith(("k_proj.weight", "k_proj.bias")):
            tensor = lazy.permuted(tensor, key_heads)
        yield name, tensor

    def write_parameters(self, keys: Keys) -> None:
        config = self.config
        if self._layers is not None:
            self._write_layers(self._layers, keys)
        else:
            super().write_parameters(keys)
            if (shared := config.get("num_key_value_heads_per_layer")) is not None:
                keys.add_head_count_kv(shared)
        keys.add_vocab_size(config["vocab_size"])
        keys.add_rope_dimension_count(config.head_size)

    def _write_layers(self, layers: list[dict[str, Any]], keys: Keys) -> None:
        config = self.config
        heads = [self._heads(block) for block in range(self.blocks)]
        if (theta := self.rope.get("rope_theta")) is not None:
            keys.add_rope_freq_base(theta)
        keys.add_head_count_kv([shared for _, shared in heads])
        keys.add_head_count([own for own, _ in heads])
        keys.add_feed_forward_length([self._width(layer["ffn"]["ffn_mult"]) for layer in layers])
        keys.add_block_count(self.blocks)
        keys.add_context_length(config["max_position_embeddings"])
        keys.add_embedding_length(config["hidden_size"])
        keys.add_layer_norm_rms_eps(config["rms_norm_eps"])
        keys.add_key_length(config["hidden_size"] // config.heads)
        keys.add_value_length(config["hidden_size"] // config.heads)
        keys.add_file_type()

    def _width(self, share: float | None) -> int:
        """Two thirds of a share of the width, in steps of 256; a layer that does nothing names no share."""
        return -(-int(2 * (share or 0.0) * self.config["hidden_size"] / 3) // 256) * 256

    def write_vocabulary(self, keys: Keys) -> None:
        if self.config.get("vocab_size") != 128256 and is_byte_fallback(self.model):
            write_byte_fallback(self.model, keys)
        else:
            write_bpe(self.model, keys)


FAMILIES = (Deci,)
