"""LG's EXAONE 3 and 4 (conversion/exaone.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Family, Names, swa_pattern
from ..keys import Keys


class Exaone(Family):
    title = "EXAONE 3"
    proof = "reference"
    classes: ClassVar[Names] = ("ExaoneForCausalLM",)
    arch = "exaone"
    scales_like_llama3: ClassVar[bool] = True

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        if "rms_norm_eps" not in self.config and "layer_norm_epsilon" in self.config:
            keys.add_layer_norm_rms_eps(self.config["layer_norm_epsilon"])  # llama.cpp does not load it without
        share = self.rope.get("partial_rotary_factor") or 1.0
        keys.add_rope_dimension_count(int(share * (self.config["hidden_size"] // self.config["num_attention_heads"])))


class Exaone4(Family):
    title = "EXAONE 4"
    proof = "reference"
    classes: ClassVar[Names] = ("Exaone4ForCausalLM",)
    arch = "exaone4"
    scales_like_llama3: ClassVar[bool] = True

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_vocab_size(self.config["vocab_size"])
        if self.config.get("sliding_window") is not None:
            keys.add_sliding_window(self.config["sliding_window"])
            keys.add_sliding_window_pattern(swa_pattern(self.config))


FAMILIES = (Exaone, Exaone4)
