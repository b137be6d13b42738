"""Cohere's Command R and Command R7B (conversion/command_r.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from ..config import Config
from ..family import Family, Row
from ..keys import Keys


class CommandR(Family):
    classes = ("CohereForCausalLM",)
    arch = "command-r"

    def prepare(self, config: Config) -> Config:
        """max_position_embeddings is short of what the model was trained on, where model_max_length is given."""
        return config.with_values(max_position_embeddings=config.need("model_max_length", "max_position_embeddings"))

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_logit_scale(self.config["logit_scale"])
        keys.add_rope_scaling_type(gguf.RopeScalingType.NONE)


class Cohere2(Family):
    classes = ("Cohere2ForCausalLM",)
    arch = "cohere2"
    skipped = (".bias",)  # all zeros
    extra: ClassVar[tuple[Row, ...]] = (
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
