"""Tencent's Hunyuan-A13B: experts in every layer (conversion/hunyuan.py HunYuanMoEModel)."""

from __future__ import annotations

from typing import Any, ClassVar

import gguf

from ..family import Family, Names
from ..keys import Keys
from ..vocab.bpe import write_bpe
from ..vocab.tiktoken import has_hunyuan, write_hunyuan

_CONTEXT = 256 * 1024  # what its scaling is good for, whatever the configuration says


class HunyuanMoe(Family):
    title = "Hunyuan-A13B"
    proof = "reference"
    classes: ClassVar[Names] = ("HunYuanMoEV1ForCausalLM",)
    arch = "hunyuan-moe"

    def rename(self, name: str) -> str | None:
        tied = name == "lm_head.weight" and self.config.get("tie_word_embeddings")
        return None if tied else super().rename(name)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_expert_shared_feed_forward_length(self.config["intermediate_size"])
        keys.add_expert_feed_forward_length(self._of_all("moe_intermediate_size"))
        keys.add_expert_used_count(self._of_all("moe_topk"))
        keys.add_expert_shared_count(self._of_all("num_shared_expert"))
        if self.rope.get("rope_type") == "dynamic":
            self._write_scaling(keys)

    def _of_all(self, key: str) -> Any:
        """The number every layer has: one a layer is given."""
        value = self.config[key]
        if isinstance(value, int):
            return value
        first, *others = value
        if any(other != first for other in others):
            raise ValueError(f"{key} differs between layers")
        return first

    def _write_scaling(self, keys: Keys) -> None:
        """The rotary base is scaled by "alpha" (NTK-aware). Only what the makers published is understood."""
        size, context = self.config["hidden_size"] // self.config.heads, self.config["max_position_embeddings"]
        alpha, theta = self.rope.get("alpha", 1000), self.rope.get("rope_theta", 10000.0)
        if (alpha, theta, size) != (1000, 10000.0, 128) or context not in (32 * 1024, _CONTEXT):
            raise ValueError(f"dynamic rope_scaling by {alpha} of {theta}, {size} a head, {context} tokens")
        keys.add_rope_freq_base(theta * (alpha ** (size / (size - 2))))
        keys.add_rope_scaling_type(gguf.RopeScalingType.NONE)
        keys.add_rope_scaling_factor(1)
        keys.add_rope_scaling_orig_ctx_len(_CONTEXT)
        keys.add_context_length(_CONTEXT)

    def write_vocabulary(self, keys: Keys) -> None:
        if has_hunyuan(self.model):
            write_hunyuan(self.model, keys)
        else:
            write_bpe(self.model, keys)


FAMILIES = (HunyuanMoe,)
