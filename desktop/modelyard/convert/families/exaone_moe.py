"""LG's K-EXAONE, and the text model of EXAONE 4.5 (conversion/exaone.py)."""

from __future__ import annotations

import re
from typing import ClassVar

import gguf

from ..config import Config, bounded
from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from .exaone import Exaone4

_AHEAD = {"fc": "eh_proj", "pre_fc_norm_embedding": "enorm", "pre_fc_norm_hidden": "hnorm", "norm": "shared_head.norm"}
_AHEAD_OTHER = re.compile(r"mtp\.(\w+)\.(weight|bias)")
_AHEAD_LAYER = re.compile(r"mtp\.layers\.(\d+)\.(.+)")


class Exaone45(Exaone4):
    """What is stored once for all layers that predict a further token is written for each."""

    title = "EXAONE 4.5"
    proof = "reference"
    classes: ClassVar[Names] = ()
    text_only: ClassVar[Names] = ("Exaone4_5_ForConditionalGeneration",)
    keeps_ahead: ClassVar[bool] = True

    def prepare(self, config: Config) -> Config:
        """layer_types, from the pattern if they are not there: "LLLG", or every how many layers one sees all."""
        pattern = config.get("sliding_window_pattern")
        if config.get("layer_types") is not None or not isinstance(pattern, str | int) or not pattern:
            return config
        layers = range(bounded("num_hidden_layers", config["num_hidden_layers"]))
        if isinstance(pattern, str):
            local = [pattern[at % len(pattern)] == "L" for at in layers]
        else:
            local = [(at + 1) % pattern != 0 for at in layers]
        types = ["sliding_attention" if each else "full_attention" for each in local]
        return config.with_values(layer_types=types)

    def rename(self, name: str) -> str | None:
        return None if name.startswith("mtp.") and not self.ahead else super().rename(name)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        first = self.blocks - self.ahead
        if found := _AHEAD_OTHER.fullmatch(name):
            own = _AHEAD.get(found[1])
            for layer in range(first, self.blocks) if own else ():
                yield f"model.layers.{layer}.{own}.{found[2]}", tensor
        elif found := _AHEAD_LAYER.fullmatch(name):
            shared = bool(self.config.get("mtp_share_layers", False))
            layers = range(first, self.blocks) if shared else [first + int(found[1])]
            for layer in layers:
                yield from super().change(f"model.layers.{layer}.{found[2]}", tensor, layer)
        else:
            yield from super().change(name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        self._write_ahead(keys)

    def _write_ahead(self, keys: Keys) -> None:
        if self.ahead:
            keys.add_nextn_predict_layers(self.ahead)


class ExaoneMoe(Exaone45):
    title = "K-EXAONE"
    classes: ClassVar[Names] = ("ExaoneMoEForCausalLM", "ExaoneMoeForCausalLM")
    text_only: ClassVar[Names] = ()
    arch = "exaone-moe"
    scores: ClassVar[str] = "sigmoid"

    def _write_ahead(self, keys: Keys) -> None:
        config = self.config
        width, shared = config["moe_intermediate_size"], config["num_shared_experts"]
        keys.add_expert_feed_forward_length(width)
        keys.add_expert_shared_count(shared)
        keys.add_expert_shared_feed_forward_length(width * shared)
        keys.add_expert_weights_scale(config["routed_scaling_factor"])
        keys.add_expert_weights_norm(config["norm_topk_prob"])
        dense = config.find("first_k_dense_replace", "first_last_k_dense_replace")
        keys.add_leading_dense_block_count(0 if dense is None else dense)
        keys.add_nextn_predict_layers(self.ahead)
        keys.add_rope_scaling_type(gguf.RopeScalingType.NONE)


FAMILIES = (Exaone45, ExaoneMoe)
