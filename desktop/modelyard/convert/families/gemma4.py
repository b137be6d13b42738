"""Gemma 4, the text model: dense, with experts, and with embeddings for every layer (conversion/gemma.py)."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import lazy
from ..config import Config, bounded
from ..family import Named, Names, swa_pattern
from ..keys import Keys
from ..lazy import Lazy
from ..vocab.gemma4 import write_gemma4
from .gemma import Gemma3

_SCALES = {"router.scale": "ffn_gate_inp.scale", "router.per_expert_scale": "ffn_down_exps.scale"}
_UNROTATED = 1e30  # a frequency divided by this does not turn


class Gemma4(Gemma3):
    """Its norms are stored plainly. Layers with full attention have heads of their own number and size, of which only
    a part is rotated."""

    title = "Gemma 4"
    proof = "reference"
    classes: ClassVar[Names] = ("Gemma4ForCausalLM",)
    text_only: ClassVar[Names] = ("Gemma4ForConditionalGeneration",)
    arch = "gemma4"
    plus_one: ClassVar[Names] = ()

    def rename(self, name: str) -> str | None:
        bare = name.endswith(("per_dim_scale", "layer_scalar")) or (
            ".experts." in name and not name.endswith((".weight", "_scale", "_scale_2"))
        )
        return super().rename(f"{name}.weight" if bare else name)

    def extra_tensors(self, keys: Keys) -> Named:
        """Frequency factors for the layers with full attention: llama.cpp rotates the whole head."""
        rope, half = Config(Config(self.rope)["full_attention"]), self._full_head_size // 2
        if rope["rope_type"] != "proportional":
            raise ValueError(f"rope_type {rope['rope_type']}")
        rotated = int(self._full_head_size * rope["partial_rotary_factor"] / 2)
        yield "rope_freqs.weight", lazy.constant([1.0] * rotated + [_UNROTATED] * (half - rotated))

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        scale = next((own for ending, own in _SCALES.items() if name.endswith(ending)), None)
        if scale is None:
            yield from super().change(name, tensor, block)
        else:
            yield f"blk.{block}.{scale}", tensor

    def is_own_name(self, name: str) -> bool:
        return name.startswith("blk.") and name.endswith(tuple(_SCALES.values()))

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config, windows = self.config, swa_pattern(self.config)
        shared, size = int(config["num_kv_shared_layers"]), config["head_dim"]
        keys.add_shared_kv_layers(shared)
        keys.add_embedding_length_per_layer_input(config.get("hidden_size_per_layer_input") or 0)
        keys.add_sliding_window_pattern(windows)
        keys.add_key_length(self._full_head_size)
        keys.add_value_length(self._full_head_size)
        keys.add_key_length_swa(size)
        keys.add_value_length_swa(size)
        if (width := config.find("expert_intermediate_size", "moe_intermediate_size")) is not None:
            keys.add_expert_feed_forward_length(width)
        if config.get("use_double_wide_mlp", False):  # where keys and values come from another layer
            width = int(config["intermediate_size"])
            keys.add_feed_forward_length([width * (1 + (at >= self.blocks - shared)) for at in range(self.blocks)])
        sliding = config.get("num_key_value_heads")
        full = self._of_full_layers("num_global_key_value_heads", "num_key_value_heads")
        if full is not None and sliding is not None:
            keys.add_head_count_kv([sliding if window else full for window in windows])
        keys.add_rope_dimension_count(self._full_head_size)
        keys.add_rope_dimension_count_swa(int(size * self.rope.get("partial_rotary_factor", 1.0)))

    @property
    def _full_head_size(self) -> int:
        size = self._of_full_layers("global_head_dim", "head_dim")
        return bounded("head_dim", size if size is not None else self.config.need("global_head_dim"))

    def _of_full_layers(self, key: str, own: str) -> Any:
        """A number of its own for full attention: `key`, or `own` in per_layer_config."""
        types: list[str] = self.config["layer_types"]
        layers = self.config.get("per_layer_config") or {}
        found = (
            layer[own]
            for at, layer in layers.items()
            if int(at) < len(types) and types[int(at)] == "full_attention" and own in layer
        )
        value = self.config.get(key)
        return next(found, None) if value is None else value

    def write_vocabulary(self, keys: Keys) -> None:
        write_gemma4(self.model, keys)


class Gemma4Unified(Gemma4):
    title = "Gemma 4 unified"
    classes: ClassVar[Names] = ()
    text_only: ClassVar[Names] = ("Gemma4UnifiedForConditionalGeneration",)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        tokens = (self.model.json("generation_config.json") or {}).get("suppress_tokens")
        if tokens is not None:
            keys.add_suppress_tokens(tokens)


FAMILIES = (Gemma4, Gemma4Unified)
