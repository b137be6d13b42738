"""Falcon-H1: attention and Mamba 2 side by side in every layer (conversion/falcon_h1.py). The configuration's
multipliers go into the weights."""

from __future__ import annotations

from functools import reduce
from typing import Any, ClassVar

from .. import lazy
from ..config import Config
from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..rope import global_rope
from ..vocab.bpe import write_bpe
from .mamba import Mamba2

# Keys of Mamba 2, which may stand here behind "mamba_".
_PREFIXED: tuple[Names, ...] = (("conv_kernel", "d_conv"), ("state_size", "d_state"), ("n_groups",))

# Part of a tensor's name, and the multipliers of its weights, one after the other; the first that fits. A number
# behind a colon is the place in a list.
_MULTIPLIERS: tuple[tuple[str, Names], ...] = (
    ("down_proj", ("mlp_multipliers:1",)),
    ("gate_proj", ("mlp_multipliers:0",)),
    ("k_proj", ("key_multiplier", "attention_in_multiplier")),
    ("q_proj", ("attention_in_multiplier",)),
    ("v_proj", ("attention_in_multiplier",)),
    ("o_proj", ("attention_out_multiplier",)),
    ("out_proj", ("ssm_out_multiplier",)),
    ("in_proj", ("ssm_in_multiplier",)),
    ("lm_head", ("lm_head_multiplier",)),
    ("embed_tokens", ("embedding_multiplier",)),
)


class FalconH1(Mamba2):
    title = "Falcon-H1"
    proof = "reference"
    classes: ClassVar[Names] = ("FalconH1ForCausalLM",)
    arch = "falcon-h1"

    def prepare(self, config: Config) -> Config:
        found = {names[0]: config.find(*names, *(f"mamba_{name}" for name in names)) for names in _PREFIXED}
        return config.with_values(**found)

    @property
    def _inner(self) -> int:
        return int(self.config["mamba_d_ssm"])

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        parts = next((names for part, names in _MULTIPLIERS if part in name), ())
        for target, changed in super().change(name, tensor, block):
            scaled = reduce(lambda each, key: lazy.scaled(each, self._multiplier(key)), parts, changed)
            yield target, self._zxbcdt(scaled) if "in_proj" in name else scaled

    def _multiplier(self, key: str) -> float:
        """1 where the configuration says nothing."""
        key, _, place = key.partition(":")
        value: Any = self.config.get(key)
        if value is None:
            return 1.0
        return float(value[int(place)] if place else value)

    def _zxbcdt(self, tensor: Lazy) -> Lazy:
        """The five parts of Mamba's input projection (gate, input, B, C, time step) have a multiplier each."""
        state = int(self.config["mamba_n_groups"] * self.config["mamba_d_state"])
        sizes = [self._inner, self._inner, state, state]
        parts = lazy.split(tensor, [*sizes, tensor.shape[0] - sum(sizes)])
        scaled = [lazy.scaled(part, self._multiplier(f"ssm_multipliers:{place}")) for place, part in enumerate(parts)]
        return lazy.concatenated(scaled)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config = self.config
        keys.add_vocab_size(config["vocab_size"])
        keys.add_context_length(config.get("max_position_embeddings", 0))
        keys.add_feed_forward_length(config["intermediate_size"])
        keys.add_head_count(config["num_attention_heads"])
        keys.add_head_count_kv(config["num_key_value_heads"])
        keys.add_key_length(config.head_size)
        keys.add_value_length(config.head_size)
        keys.add_rope_freq_base(global_rope(self.rope)["rope_theta"])

    def write_vocabulary(self, keys: Keys) -> None:
        write_bpe(self.model, keys)


FAMILIES = (FalconH1,)
