"""Liquid's LFM2: short convolutions between attention layers (conversion/lfm2.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from .. import lazy
from ..config import Config
from ..dense import dense_layer
from ..family import Family, Named, Names, Rows
from ..keys import Keys
from ..lazy import Lazy
from ..pooling import write_pooling


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

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        yield name, lazy.squeezed(tensor) if "conv.conv" in name else tensor

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


class Lfm2Moe(Lfm2):
    title = "LFM2 MoE"
    proof = "reference"
    classes: ClassVar[Names] = ("Lfm2MoeForCausalLM",)
    arch = "lfm2moe"
    experts: ClassVar[Names] = ("w1", "w2", "w3")
    expert_path: ClassVar[str] = "feed_forward.experts"
    extra: ClassVar[Rows] = ()

    def rename(self, name: str) -> str | None:
        return super().rename(f"{name}.bias" if name.endswith(".expert_bias") else name)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        yield from Family.change(self, name, lazy.squeezed(tensor) if "conv.conv" in name else tensor, block)

    def expert_name(self, block: int, kind: str) -> str:
        return f"layers.{block}.feed_forward.experts.{kind}.weight"

    def write_parameters(self, keys: Keys) -> None:
        Family.write_parameters(self, keys)
        keys.add_expert_feed_forward_length(self.config["moe_intermediate_size"])
        keys.add_leading_dense_block_count(self.config["num_dense_layers"])
        keys.add_expert_gating_func(gguf.ExpertGatingFuncType.SIGMOID)
        keys.add_vocab_size(self.config["vocab_size"])
        keys.add_shortconv_l_cache(self.config["conv_L_cache"])


class Lfm2Embedding(Lfm2):
    """Encoders, and models that make vectors of texts; a dense layer behind them may lie in a file of its own."""

    title = "LFM2 encoders"
    proof = "reference"
    classes: ClassVar[Names] = ("Lfm2Model", "Lfm2BidirectionalModel", "Lfm2BidirectionalForMaskedLM")

    def rename(self, name: str) -> str | None:
        renamed = super().rename(name)
        if renamed is None or renamed == "lm_head.weight":
            return renamed
        return f"model.{renamed.removeprefix('lfm2.')}"

    def extra_tensors(self, keys: Keys) -> Named:
        if (dense := dense_layer(self.model)) is not None:
            keys.add_embedding_length_out(dense.shape[0])
            yield "dense_2.weight", dense

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        if self.model.architecture != "Lfm2Model":
            keys.add_causal_attention(False)
        write_pooling(self.model, keys)


FAMILIES = (Lfm2, Lfm2Moe, Lfm2Embedding)
