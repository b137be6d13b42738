"""Tencent's Hy3: experts chosen by a sigmoid (conversion/hunyuan.py HYV3Model)."""

from __future__ import annotations

import re
from typing import ClassVar

import gguf

from ..family import Family, Names
from ..keys import Keys

_LAYER = re.compile(r"model\.layers\.(\d+)\.")


class HyV3(Family):
    """The layers that predict a further token come after the others and are kept."""

    title = "Hy3"
    proof = "reference"
    classes: ClassVar[Names] = ("HYV3ForCausalLM",)
    arch = "hy_v3"

    @property
    def _ahead(self) -> int:
        return int(self.config.get("num_nextn_predict_layers", 0))

    def count_blocks(self) -> int:
        return super().count_blocks() + max(0, self._ahead)

    def rename(self, name: str) -> str | None:
        renamed = super().rename(name)
        layer = _LAYER.match(renamed or "")
        if renamed is None or layer is None or int(layer[1]) < int(self.config["num_hidden_layers"]):
            return renamed
        return renamed.replace(".final_layernorm.", ".shared_head.norm.")

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config = self.config
        width = config["moe_intermediate_size"]
        keys.add_expert_feed_forward_length(width)
        keys.add_expert_shared_feed_forward_length(width * config.get("num_shared_experts", 1))
        keys.add_expert_weights_norm(config.get("route_norm", True))
        keys.add_expert_weights_scale(float(config.get("router_scaling_factor", 1.0)))
        keys.add_expert_gating_func(gguf.ExpertGatingFuncType.SIGMOID)
        if self._ahead > 0:
            keys.add_nextn_predict_layers(self._ahead)


FAMILIES = (HyV3,)
