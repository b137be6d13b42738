"""Mistral Small 3.1 and Ministral 3, the text model (conversion/mistral3.py)."""

from __future__ import annotations

from typing import ClassVar

from ..config import Config
from ..family import Names
from ..keys import Keys
from .llama import Llama


class Mistral3(Llama):
    title = "Mistral Small 3, Ministral 3"
    proof = "reference"
    classes: ClassVar[Names] = ("Ministral3ForCausalLM",)
    text_only: ClassVar[Names] = ("Mistral3ForConditionalGeneration",)
    arch = "mistral3"

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        if self.config.get("model_type") == "ministral3":
            rope = Config(self.rope)
            keys.add_rope_scaling_yarn_log_mul(rope["mscale_all_dim"])
            keys.add_attn_temperature_scale(rope["llama_4_scaling_beta"])


FAMILIES = (Mistral3,)
