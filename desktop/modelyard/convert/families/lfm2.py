"""Liquid's LFM2: short convolutions between attention layers (conversion/lfm2.py)."""

from __future__ import annotations

from typing import ClassVar

from .. import lazy
from ..config import Config
from ..family import Family, Named, Names, Rows
from ..keys import Keys
from ..lazy import Lazy


class Lfm2(Family):
    title = "LFM2"
    proof = "reference"
    classes: ClassVar[Names] = ("Lfm2ForCausalLM", "LFM2ForCausalLM")
    arch = "lfm2"
    extra: ClassVar[Rows] = (
        ("vocab_size", ("vocab_size",)),
        ("shortconv_l_cache", ("conv_L_cache",)),
        ("layer_norm_rms_eps", ("norm_eps",)),
    )

    def prepare(self, config: Config) -> Config:
        """Convolution layers have no key heads."""
        heads = config["num_key_value_heads"]
        return config.with_values(
            num_key_value_heads=[0 if kind == "conv" else heads for kind in config["layer_types"]]
        )

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_feed_forward_length(self._feed_forward_length())

    def _feed_forward_length(self) -> int:
        config = self.config
        width = int(config.need("block_ff_dim", "intermediate_size"))
        if not config["block_auto_adjust_ff_dim"]:
            return width
        width = int(2 * width / 3)
        if (factor := config["block_ffn_dim_multiplier"]) is not None:
            width = int(factor * width)
        step = int(config["block_multiple_of"])
        return step * -(-width // step)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        yield name, lazy.squeezed(tensor) if "conv.conv" in name else tensor


FAMILIES = (Lfm2,)
