"""inclusionAI's Ling and Ring 2.0: routed and shared experts after dense layers (conversion/bailingmoe.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Family, Names
from ..keys import Keys


class BailingMoe2(Family):
    """The layers that predict a further token come after the others and are kept."""

    title = "Ling 2.0, Ring 2.0"
    proof = "reference"
    classes: ClassVar[Names] = ("BailingMoeV2ForCausalLM",)
    arch = "bailingmoe2"

    def count_blocks(self) -> int:
        return super().count_blocks() + int(self.config.get("num_nextn_predict_layers") or 0)

    def rename(self, name: str) -> str | None:
        return super().rename(f"{name}.bias" if name.endswith(".expert_bias") else name)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config = self.config
        expert, shared = config["moe_intermediate_size"], config["num_shared_experts"]
        keys.add_rope_dimension_count(int(config.head_size * self.rope.get("partial_rotary_factor", 0.5)))
        keys.add_leading_dense_block_count(config["first_k_dense_replace"])
        keys.add_vocab_size(config["vocab_size"])
        keys.add_expert_feed_forward_length(expert)
        width = config.get("moe_shared_expert_intermediate_size", expert * shared)
        keys.add_expert_shared_feed_forward_length(width)
        keys.add_expert_weights_scale(config["routed_scaling_factor"])
        keys.add_expert_shared_count(shared)
        keys.add_expert_weights_norm(config["norm_topk_prob"])
        if (ahead := config.get("num_nextn_predict_layers")) is not None:
            keys.add_nextn_predict_layers(ahead)


FAMILIES = (BailingMoe2,)
