"""OLMo 1, 2 and 3, and OLMoE (conversion/olmo.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Family, Names, Permuted, swa_pattern
from ..keys import Keys


class Olmo(Family):
    title = "OLMo"
    proof = "reference"
    classes: ClassVar[Names] = ("OlmoForCausalLM", "OLMoForCausalLM")
    arch = "olmo"
    permuted: ClassVar[Permuted] = (("q_proj", "heads"), ("k_proj", "key_heads"))

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_layer_norm_eps(1e-5)
        if (clip := self.config.get("clip_qkv")) is not None:
            keys.add_clamp_kqv(clip)


class Olmo2(Family):
    title = "OLMo 2, 3"
    proof = "golden"
    classes: ClassVar[Names] = ("Olmo2ForCausalLM", "Olmo3ForCausalLM")
    arch = "olmo2"

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        if self.config.get("sliding_window") is None:
            return
        keys.add_sliding_window(self.config["sliding_window"])
        if "layer_types" in self.config:
            pattern = swa_pattern(self.config)
        else:
            pattern = [(layer + 1) % 4 != 0 for layer in range(self.blocks)]
        keys.add_sliding_window_pattern(pattern)


class OlmoE(Family):
    title = "OLMoE"
    proof = "reference"
    classes: ClassVar[Names] = ("OlmoeForCausalLM",)
    arch = "olmoe"

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_layer_norm_rms_eps(1e-5)


FAMILIES = (Olmo, Olmo2, OlmoE)
