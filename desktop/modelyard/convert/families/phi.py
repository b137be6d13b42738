"""Phi-2, Phi-3, 3.5 and 4, and Phi-3.5 with experts (conversion/phi.py)."""

from __future__ import annotations

import math
from typing import ClassVar

from .. import lazy
from ..config import Config
from ..family import Family, Named, Names, Rows
from ..keys import Keys
from ..rope import global_rope
from ..vocab.bpe import write_bpe
from ..vocab.phi import write_phi3_vocabulary
from ..vocab.spm import has_pieces

_LONGROPE = {"type", "long_factor", "short_factor"}


class Phi2(Family):
    title = "Phi-2"
    proof = "reference"
    classes: ClassVar[Names] = ("PhiForCausalLM",)
    arch = "phi2"

    def write_parameters(self, keys: Keys) -> None:
        width, heads = int(self.config.need("hidden_size", "n_embd")), self.config.heads
        keys.add_context_length(self.config.need("n_positions", "max_position_embeddings"))
        keys.add_embedding_length(width)
        keys.add_feed_forward_length(4 * width)
        keys.add_block_count(self.blocks)
        keys.add_head_count(heads)
        keys.add_head_count_kv(heads)
        keys.add_layer_norm_eps(self.config.need("layer_norm_epsilon", "layer_norm_eps"))
        keys.add_rope_dimension_count(int(self.rope["partial_rotary_factor"] * width) // heads)
        keys.add_file_type()
        keys.add_add_bos_token(False)
        self.write_base_of_version_5(keys)


class Phi3(Family):
    title = "Phi-3, Phi-3.5, Phi-4"
    proof = "golden"
    classes: ClassVar[Names] = ("Phi3ForCausalLM",)
    text_only: ClassVar[Names] = ("Phi4ForCausalLMV",)
    arch = "phi3"

    def prepare(self, config: Config) -> Config:
        """transformers reads the older name "yarn" as "longrope" (configuration_phi3.py)."""
        scaling = config.get("rope_scaling")
        if not isinstance(scaling, dict) or set(scaling) != _LONGROPE or scaling["type"] != "yarn":
            return config
        return config.with_values(rope_scaling={**scaling, "type": "longrope"})

    def extra_tensors(self, keys: Keys) -> Named:
        long, short = self.rope.get("long_factor"), self.rope.get("short_factor")
        if not long:
            return
        keys.add_rope_scaling_attn_factors(self._attention_factor())
        if short is None or len(long) != len(short) or len(long) * 2 != self._rope_size:
            raise ValueError(f"rope factors: {len(long)} long for {self._rope_size} dimensions")
        yield "rope_factors_long.weight", lazy.constant(long)
        yield "rope_factors_short.weight", lazy.constant(short)

    def _attention_factor(self) -> float:
        scale = self._context / self._trained_context
        match str(self.rope.get("rope_type", "")).lower():
            case "su" | "longrope":
                return math.sqrt(1 + math.log(scale) / math.log(self._trained_context)) if scale > 1 else 1.0
            case "yarn":
                return 0.1 * math.log(scale) + 1.0 if scale > 1 else 1.0
            case other:
                raise ValueError(f"rope scaling {other!r}")

    @property
    def _context(self) -> int:
        return int(self.config.need("n_positions", "max_position_embeddings"))

    @property
    def _trained_context(self) -> int:
        return int(self.rope.get("original_max_position_embeddings") or self._context)

    @property
    def _rope_size(self) -> int:
        width = self.config.need("hidden_size", "n_embd")
        return int(self.rope.get("partial_rotary_factor", 1.0) * width) // self.config.heads

    def write_parameters(self, keys: Keys) -> None:
        keys.add_context_length(self._context)
        keys.add_rope_scaling_orig_ctx_len(self._trained_context)
        keys.add_embedding_length(self.config.need("hidden_size", "n_embd"))
        keys.add_feed_forward_length(self.config["intermediate_size"])
        keys.add_block_count(self.blocks)
        keys.add_head_count(self.config.heads)
        keys.add_head_count_kv(self.config.need("num_key_value_heads", "n_head_kv"))
        keys.add_layer_norm_rms_eps(self.config["rms_norm_eps"])
        keys.add_rope_dimension_count(self._rope_size)
        keys.add_rope_freq_base(global_rope(self.rope)["rope_theta"])
        keys.add_file_type()
        keys.add_sliding_window(self.config.get("sliding_window") or 0)  # 0 tells Phi-4 from Phi-3
        self.write_rows(self.extra, keys)

    def write_vocabulary(self, keys: Keys) -> None:
        settings = self.model.json("tokenizer_config.json") or {}
        if settings.get("tokenizer_class") == "GPT2Tokenizer" or not has_pieces(self.model):
            write_bpe(self.model, keys)
        else:
            write_phi3_vocabulary(self.model, keys)


class PhiMoe(Phi3):
    title = "Phi-3.5 MoE"
    proof = "reference"
    classes: ClassVar[Names] = ("PhiMoEForCausalLM",)
    text_only: ClassVar[Names] = ()
    arch = "phimoe"
    extra: ClassVar[Rows] = (
        ("expert_used_count", ("num_experts_per_tok", "num_experts_per_token")),
        ("expert_count", ("num_local_experts", "num_experts")),
    )
    experts: ClassVar[Names] = ("w1", "w2", "w3")
    expert_path: ClassVar[str] = "block_sparse_moe.experts"


FAMILIES = (Phi2, Phi3, PhiMoe)
