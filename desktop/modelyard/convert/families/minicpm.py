"""OpenBMB's MiniCPM 1, 2 and 3 (conversion/minicpm.py)."""

from __future__ import annotations

from typing import ClassVar

from .. import lazy
from ..family import Family, Named, Names, Permuted, Rows
from ..keys import Keys
from ..vocab.spm import write_spm


class MiniCpm(Family):
    title = "MiniCPM"
    proof = "reference"
    classes: ClassVar[Names] = ("MiniCPMForCausalLM",)
    arch = "minicpm"
    permuted: ClassVar[Permuted] = (("q_proj", "heads"), ("k_proj", "key_heads"))

    def extra_tensors(self, keys: Keys) -> Named:
        long, short = self.rope.get("long_factor"), self.rope.get("short_factor")
        if not long and not short:
            return
        if not long or not short or len(long) != len(short) or len(long) * 2 != self._rope_size:
            raise ValueError(f"rope factors for {self._rope_size} dimensions")
        yield "rope_factors_long.weight", lazy.constant(long)
        yield "rope_factors_short.weight", lazy.constant(short)

    @property
    def _rope_size(self) -> int:
        return int(self.config["hidden_size"]) // self.config.heads

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config = self.config
        keys.add_embedding_scale(float(config["scale_emb"]))
        keys.add_residual_scale(config["scale_depth"] / config["num_hidden_layers"] ** 0.5)
        keys.add_logit_scale(config["hidden_size"] / config["dim_model_base"])

    def write_vocabulary(self, keys: Keys) -> None:
        write_spm(self.model, keys)


_AFTER_BLOCKS: Rows = (
    ("feed_forward_length", ("intermediate_size",)),
    ("head_count", ("num_attention_heads",)),
    ("head_count_kv", ("num_key_value_heads",)),
    ("layer_norm_rms_eps", ("rms_norm_eps",)),
    ("vocab_size", ("vocab_size",)),
    ("q_lora_rank", ("q_lora_rank",)),
    ("kv_lora_rank", ("kv_lora_rank",)),
)


class MiniCpm3(MiniCpm):
    title = "MiniCPM 3"
    proof = "reference"
    classes: ClassVar[Names] = ("MiniCPM3ForCausalLM",)
    arch = "minicpm3"
    permuted: ClassVar[Permuted] = ()
    extra: ClassVar[Rows] = (
        ("context_length", ("max_position_embeddings",)),
        ("embedding_length", ("hidden_size",)),
    )

    @property
    def _rope_size(self) -> int:
        return int(self.config["qk_rope_head_dim"])

    def write_parameters(self, keys: Keys) -> None:
        keys.add_file_type()
        self.write_rows(self.extra, keys)
        keys.add_block_count(self.blocks)
        self.write_rows(_AFTER_BLOCKS, keys)
        keys.add_key_length(self.config["qk_nope_head_dim"] + self.config["qk_rope_head_dim"])
        keys.add_rope_dimension_count(self.config["qk_rope_head_dim"])


FAMILIES = (MiniCpm, MiniCpm3)
