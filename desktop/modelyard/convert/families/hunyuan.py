"""Tencent's Hunyuan, the dense models (conversion/hunyuan.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from ..config import Config
from ..family import Family, Names
from ..keys import Keys
from ..vocab.bpe import write_bpe


class Hunyuan(Family):
    title = "Hunyuan dense"
    proof = "reference"
    classes: ClassVar[Names] = ("HunYuanDenseV1ForCausalLM",)
    arch = "hunyuan-dense"

    def prepare(self, config: Config) -> Config:
        return config.without("num_experts")

    def rename(self, name: str) -> str | None:
        tied = name == "lm_head.weight" and self.config.get("tie_word_embeddings")
        return None if tied else super().rename(name)

    def write_parameters(self, keys: Keys) -> None:
        """Its rotary base is scaled by "alpha" (NTK-aware), good for 256k tokens whatever the file says."""
        super().write_parameters(keys)
        kind = self.rope.get("rope_type")
        if kind not in ("dynamic", "xdrope"):
            return
        size, alpha = self.config["head_dim"], self.rope.get("alpha", 50)
        keys.add_rope_freq_base(self.rope.get("rope_theta", 10000.0) * alpha ** (size / (size - 2)))
        keys.add_rope_scaling_type(gguf.RopeScalingType.NONE)
        keys.add_rope_scaling_factor(1)
        if kind == "dynamic":
            keys.add_rope_scaling_orig_ctx_len(256 * 1024)
            keys.add_context_length(256 * 1024)

    def write_vocabulary(self, keys: Keys) -> None:
        write_bpe(self.model, keys)
        end = self.model.raw.get("eod_token_id")
        if end is not None and self.model.raw.get("model_type") != "hunyuan_v1_dense":  # transformers drops it there
            keys.add_eos_token_id(end)
        ends = (self.model.json("generation_config.json") or {}).get("eos_token_id")
        if isinstance(ends, list) and len(ends) >= 2:
            keys.add_eot_token_id(ends[0])


FAMILIES = (Hunyuan,)
