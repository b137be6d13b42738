"""The first Qwen (conversion/qwen.py QwenModel)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Family, Names
from ..keys import Keys
from ..vocab.bpe import write_bpe
from ..vocab.tiktoken import has_qwen, write_qwen


class Qwen1(Family):
    """Of Qwen-VL the text."""

    title = "Qwen 1"
    proof = "reference"
    classes: ClassVar[Names] = ("QWenLMHeadModel",)
    arch = "qwen"

    def write_parameters(self, keys: Keys) -> None:
        """The reference names the norms' epsilon as that of ordinary norms only, and llama.cpp does not load it."""
        super().write_parameters(keys)
        keys.add_layer_norm_rms_eps(self.config["layer_norm_epsilon"])

    def write_vocabulary(self, keys: Keys) -> None:
        if has_qwen(self.model):
            write_qwen(self.model, keys, pictures="visual" in self.config)
        else:
            write_bpe(self.model, keys, like="qwen2")


FAMILIES = (Qwen1,)
