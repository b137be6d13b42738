"""Cohere's North: Command models with experts (conversion/command_r.py Cohere2MoeModel)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from ..family import Family, Names, Rows, swa_pattern
from ..keys import Keys


class Cohere2Moe(Family):
    title = "Cohere North"
    proof = "reference"
    classes: ClassVar[Names] = ("Cohere2MoeForCausalLM",)
    arch = "cohere2moe"
    skipped: ClassVar[Names] = (".bias",)  # all zeros
    extra: ClassVar[Rows] = (("logit_scale", ("logit_scale",)), ("sliding_window", ("sliding_window",)))
    keeps_ahead: ClassVar[bool] = True

    @property
    def expert_count(self) -> int:
        return int(self.config["num_experts"])

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config = self.config
        width, shared = config["intermediate_size"], config.get("num_shared_experts", 0)
        keys.add_sliding_window_pattern(swa_pattern(config))
        keys.add_vocab_size(config["vocab_size"])
        keys.add_expert_feed_forward_length(width)
        keys.add_leading_dense_block_count(self._dense_layers())
        keys.add_expert_weights_norm(config.get("norm_topk_prob", False))
        if shared > 0:
            if (how := config.get("shared_expert_combination_strategy", "average")) != "average":
                raise ValueError(f"shared_expert_combination_strategy {how}")
            keys.add_expert_shared_count(shared)
            keys.add_expert_shared_feed_forward_length(width * shared)
        if self.ahead:
            keys.add_nextn_predict_layers(self.ahead)
        keys.add_rope_dimension_count(config["head_dim"])
        keys.add_rope_scaling_type(gguf.RopeScalingType.NONE)

    def _dense_layers(self) -> int:
        """How many layers at the beginning have no experts."""
        kinds = self.config.get("mlp_layer_types")
        if kinds is None:
            return int(self.config.get("first_k_dense_replace", 0))
        return next((at for at, kind in enumerate(kinds) if kind != "dense"), len(kinds))


FAMILIES = (Cohere2Moe,)
