"""NVIDIA's Nemotron-4 and Minitron: norms stored around zero (conversion/nemotron.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from ..family import Family, Names
from ..keys import Keys
from ..vocab.bpe import write_bpe
from ..vocab.spm import has_spm, write_spm


class Nemotron(Family):
    title = "Nemotron-4, Minitron"
    proof = "reference"
    classes: ClassVar[Names] = ("NemotronForCausalLM",)
    arch = "nemotron"
    plus_one: ClassVar[Names] = ("norm.weight",)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config = self.config
        keys.add_vocab_size(config["vocab_size"])
        keys.add_layer_norm_eps(config.need("layer_norm_eps", "layer_norm_epsilon", "norm_epsilon", "norm_eps"))
        width = config.need("hidden_size", "n_embd")
        keys.add_rope_dimension_count(int(self.rope["partial_rotary_factor"] * width) // config.heads)
        factor = config.get("factor") or self.rope.get("factor")
        if factor is None:
            keys.add_rope_scaling_type(gguf.RopeScalingType.NONE)
        else:
            keys.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
            keys.add_rope_scaling_factor(factor)

    def write_vocabulary(self, keys: Keys) -> None:
        if not has_spm(self.model):  # Minitron comes with tokenizer.json
            write_bpe(self.model, keys)
            return
        write_spm(self.model, keys)
        keys.add_pad_token_id(0)
        keys.add_unk_token_id(1)


FAMILIES = (Nemotron,)
