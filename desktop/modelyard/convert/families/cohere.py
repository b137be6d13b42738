"""Cohere's Command R and Command R7B (conversion/command_r.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from ..config import Config
from ..family import Family, Names, Rows
from ..keys import Keys


class CommandR(Family):
    title = "Command R, Aya"
    proof = "reference"
    classes: ClassVar[Names] = ("CohereForCausalLM",)
    arch = "command-r"

    def prepare(self, config: Config) -> Config:
        """max_position_embeddings is short of what the model was trained on, where model_max_length is given."""
        return config.with_values(max_position_embeddings=config.need("model_max_length", "max_position_embeddings"))

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_logit_scale(self.config["logit_scale"])
        keys.add_rope_scaling_type(gguf.RopeScalingType.NONE)


class Cohere2(Family):
    title = "Command R7B"
    proof = "golden"
    classes: ClassVar[Names] = ("Cohere2ForCausalLM",)
    arch = "cohere2"
    skipped: ClassVar[Names] = (".bias",)  # all zeros
    extra: ClassVar[Rows] = (
        ("logit_scale", ("logit_scale",)),
        ("sliding_window", ("sliding_window",)),
        ("vocab_size", ("vocab_size",)),
    )

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        share = self.config.get("rotary_pct", 1.0)
        keys.add_rope_dimension_count(int(share * (self.config["hidden_size"] // self.config.heads)))
        keys.add_rope_scaling_type(gguf.RopeScalingType.NONE)


FAMILIES = (CommandR, Cohere2)
