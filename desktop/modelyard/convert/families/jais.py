"""Jais, Arabic and English: the first series is like GPT-2, the second like Nemotron (conversion/jais.py)."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from ...formats.checkpoint_tensor import numpy_name
from .. import lazy
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..weights import to_float32

_SLOPES = "transformer.relative_pe.slopes"


class Jais(Family):
    title = "Jais"
    proof = "reference"
    classes: ClassVar[Names] = ("JAISLMHeadModel",)
    arch = "jais"
    skipped: ClassVar[Names] = (".attn.bias", "relative_pe.slopes")

    def extra_tensors(self, keys: Keys) -> Named:
        keys.add_max_alibi_bias(self._alibi())
        yield from super().extra_tensors(keys)

    def _alibi(self) -> float:
        """The bias ALiBi's slopes were made with, back from the first of them."""
        stored = self.model.tensors.get(_SLOPES)
        if stored is None:
            return 8.0
        data = np.frombuffer(self.model.peek([_SLOPES])[_SLOPES], numpy_name(stored.dtype))
        first = float(to_float32(data, stored.dtype)[0])
        heads = 1 << math.floor(math.log2(self.config["n_head"]))
        return float(-round(math.log2(first) * heads))

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight", ".c_fc2.weight")):
            tensor = lazy.transposed(tensor)
        elif name == "transformer.wte.weight":
            tensor = lazy.scaled(tensor, self.config.need("mup_embeddings_scale", "embeddings_scale"))
        elif name == "lm_head.weight":
            tensor = lazy.scaled(tensor, self._output_scale())
        yield name, tensor

    def _output_scale(self) -> float:
        if "mup_output_alpha" in self.config:
            return float(self.config["mup_output_alpha"] * self.config["mup_width_scale"])
        return float(self.config["width_scale"])

    def write_parameters(self, keys: Keys) -> None:
        config = self.config
        if config["activation_function"] != "swiglu" or config["position_embedding_type"] != "alibi":
            raise ValueError(f"{config['activation_function']}, {config['position_embedding_type']}")
        keys.add_block_count(self.blocks)
        keys.add_context_length(config["n_positions"])
        keys.add_embedding_length(config["n_embd"])
        keys.add_feed_forward_length(config["n_inner"])
        keys.add_head_count(config["n_head"])
        keys.add_layer_norm_eps(config["layer_norm_epsilon"])
        keys.add_file_type()


class Jais2(Family):
    title = "Jais 2"
    proof = "reference"
    classes: ClassVar[Names] = ("Jais2ForCausalLM",)
    arch = "jais2"

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_rope_dimension_count(self.config.head_size)


FAMILIES = (Jais, Jais2)
