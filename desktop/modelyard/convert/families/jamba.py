"""AI21's Jamba: Mamba layers, some of attention, and experts in some (conversion/jamba.py)."""

from __future__ import annotations

from typing import ClassVar

from .. import lazy
from ..config import Config
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..vocab.bpe import write_bpe
from ..vocab.spm import has_spm, is_byte_fallback, write_byte_fallback, write_spm
from .mamba import negative_exponential


class Jamba(Family):
    title = "Jamba"
    proof = "reference"
    classes: ClassVar[Names] = ("JambaForCausalLM",)
    arch = "jamba"
    expert_path: ClassVar[str] = "feed_forward.experts"

    def prepare(self, config: Config) -> Config:
        """A rank that is "auto" is worked out as transformers does."""
        if config.get("mamba_dt_rank") == "auto":
            return config.with_values(mamba_dt_rank=-(-int(config["hidden_size"]) // 16))
        return config

    def expert_name(self, block: int, kind: str) -> str:
        return f"model.layers.{block}.mlp.experts.{kind}.weight"

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        name = name.replace(".moe.", ".feed_forward.")  # Mini-Jamba
        if block is not None and not self._has_experts(block):
            name = name.replace(".experts.0.", ".")
        if name.endswith(".conv1d.weight"):
            tensor = lazy.squeezed(tensor)
        elif name.endswith(".A_log"):
            tensor = negative_exponential(tensor)
        yield from super().change(name, tensor, block)

    def _has_experts(self, block: int) -> bool:
        behind = block - int(self.config["expert_layer_offset"])
        return behind >= 0 and behind % int(self.config["expert_layer_period"]) == 0

    def write_parameters(self, keys: Keys) -> None:
        config, find = self.config, self.config.find
        width = int(config.need("hidden_size", "mamba_d_model"))
        offset, period = int(config["attn_layer_offset"]), int(config["attn_layer_period"])
        attention = [layer >= offset and (layer - offset) % period == 0 for layer in range(self.blocks)]
        keys.add_block_count(self.blocks)
        keys.add_context_length(config.need("max_position_embeddings", "n_ctx"))
        keys.add_embedding_length(width)
        keys.add_feed_forward_length(config["intermediate_size"])
        keys.add_head_count(config["num_attention_heads"])
        keys.add_head_count_kv([config["num_key_value_heads"] if here else 0 for here in attention])
        keys.add_ssm_conv_kernel(config.get("mamba_d_conv") or 4)
        keys.add_ssm_inner_size(config["mamba_expand"] * width)
        keys.add_ssm_state_size(config.get("mamba_d_state") or 16)
        keys.add_ssm_time_step_rank(config.get("mamba_dt_rank") or -(-width // 16))
        keys.add_layer_norm_rms_eps(find("layer_norm_epsilon", "rms_norm_eps") or 1e-6)
        keys.add_expert_count(config.need("num_local_experts", "num_experts"))
        keys.add_expert_used_count(config.need("num_experts_per_tok", "num_experts_per_token"))
        keys.add_file_type()

    def write_vocabulary(self, keys: Keys) -> None:
        if has_spm(self.model):
            write_spm(self.model, keys)
        elif is_byte_fallback(self.model):
            write_byte_fallback(self.model, keys)
            keys.add_add_space_prefix(False)
        else:
            write_bpe(self.model, keys)


FAMILIES = (Jamba,)
