"""IBM's Granite, dense and with experts (conversion/granite.py)."""

from __future__ import annotations

from typing import ClassVar

from .. import lazy
from ..config import Config
from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from .llama import Llama

_MULTIPLIERS = (
    ("attention_scale", "attention_multiplier"),
    ("embedding_scale", "embedding_multiplier"),
    ("residual_scale", "residual_multiplier"),
    ("logit_scale", "logits_scaling"),
)


class Granite(Llama):
    title = "Granite"
    proof = "golden"
    classes: ClassVar[Names] = ("GraniteForCausalLM",)
    text_only: ClassVar[Names] = ()
    arch = "granite"

    def prepare(self, config: Config) -> Config:
        return config.without("head_dim")

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        for method, name in _MULTIPLIERS:
            if value := self.config.get(name):
                getattr(keys, f"add_{method}")(value)


class GraniteMoe(Granite):
    """The gate and up matrices of all experts (and of the shared one) lie in one tensor."""

    title = "Granite MoE"
    proof = "reference"
    classes: ClassVar[Names] = ("GraniteMoeForCausalLM", "GraniteMoeSharedForCausalLM")
    arch = "granitemoe"

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        routed = bool(self.config.get("num_local_experts"))
        if name.endswith("block_sparse_moe.input_linear.weight"):
            half = int(self.config["intermediate_size"])
            yield f"blk.{block}.ffn_gate_exps.weight", lazy.middle_sliced(tensor, 0, half)
            yield f"blk.{block}.ffn_up_exps.weight", lazy.middle_sliced(tensor, half, 2 * half)
        elif name.endswith("shared_mlp.input_linear.weight"):
            ending = "_shexp" if routed else ""
            gate, up = lazy.split(tensor, [int(self.config["shared_intermediate_size"])] * 2)
            yield f"blk.{block}.ffn_gate{ending}.weight", gate
            yield f"blk.{block}.ffn_up{ending}.weight", up
        elif name.endswith("shared_mlp.output_linear.weight") and not routed:
            yield f"blk.{block}.ffn_down.weight", tensor
        else:
            yield from super().change(name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        if shared := self.config.get("shared_intermediate_size"):
            keys.add_expert_shared_feed_forward_length(shared)


FAMILIES = (Granite, GraniteMoe)
