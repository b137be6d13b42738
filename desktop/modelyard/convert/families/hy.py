"""Tencent's Hy3: experts chosen by a sigmoid (conversion/hunyuan.py HYV3Model)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from ..family import Family, Names
from ..keys import Keys


class HyV3(Family):
    title = "Hy3"
    proof = "reference"
    classes: ClassVar[Names] = ("HYV3ForCausalLM",)
    arch = "hy_v3"
    keeps_ahead: ClassVar[bool] = True

    def rename(self, name: str) -> str | None:
        renamed = super().rename(name)
        if renamed is None or not self.is_ahead(renamed):
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
        if self.ahead:
            keys.add_nextn_predict_layers(self.ahead)


FAMILIES = (HyV3,)
