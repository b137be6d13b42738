"""Huawei's openPangu Embedded (conversion/pangu.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Family, Names
from ..keys import Keys
from ..vocab.spm import write_spm


class PanguEmbedded(Family):
    title = "openPangu Embedded"
    proof = "reference"
    classes: ClassVar[Names] = ("PanguEmbeddedForCausalLM",)
    arch = "pangu-embedded"

    def rename(self, name: str) -> str | None:
        tied = self.config.get("tie_word_embeddings", False)
        return None if tied and name == "lm_head.weight" else super().rename(name)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        size = self.config.head_size
        keys.add_vocab_size(self.config["vocab_size"])
        keys.add_rope_dimension_count(size)
        keys.add_key_length(size)
        keys.add_value_length(size)

    def write_vocabulary(self, keys: Keys) -> None:
        write_spm(self.model, keys)
        settings = self.model.json("tokenizer_config.json") or {}
        if "add_prefix_space" in settings:
            keys.add_add_space_prefix(settings["add_prefix_space"])


FAMILIES = (PanguEmbedded,)
