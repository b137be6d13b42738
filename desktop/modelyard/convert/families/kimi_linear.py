"""Moonshot's Kimi Linear: layers of delta attention, every fourth one of latent attention
(conversion/kimi_linear.py)."""

from __future__ import annotations

import re
from typing import ClassVar

from .. import lazy
from ..config import Config
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..vocab.bpe import write_bpe
from ..vocab.tiktoken import has_tiktoken, write_kimi
from .deepseek import DeepSeek2
from .mamba import negative_exponential

_DENSE = re.compile(r"\.block_sparse_moe\.((?:gate|up|down)_proj\.)")
_CONVOLUTIONS = (".q_conv1d.weight", ".k_conv1d.weight", ".v_conv1d.weight")


class KimiLinear(DeepSeek2):
    title = "Kimi Linear"
    proof = "reference"
    classes: ClassVar[Names] = ("KimiLinearForCausalLM", "KimiLinearModel")
    text_only: ClassVar[Names] = ()
    arch = "kimi-linear"
    scores: ClassVar[str] = "sigmoid"
    experts: ClassVar[Names] = ("w1", "w2", "w3")
    expert_path: ClassVar[str] = "block_sparse_moe.experts"

    def prepare(self, config: Config) -> Config:
        return config

    def rename(self, name: str) -> str | None:
        """transformers 5 saves a layer without experts by the others' name."""
        return Family.rename(self, _DENSE.sub(r".mlp.\1", name))

    def expert_name(self, block: int, kind: str) -> str:
        return f"layers.{block}.feed_forward.experts.{kind}.weight"

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if name.endswith(_CONVOLUTIONS):
            tensor = lazy.reshaped(tensor, (1, tensor.shape[0], 1, tensor.columns))
        elif name.endswith(".A_log"):
            tensor = negative_exponential(tensor)
        elif name.endswith(".dt_bias"):
            name = f"{name.removesuffix('.dt_bias')}.dt_proj.bias"
        yield from super().change(name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        Family.write_parameters(self, keys)
        config, linear = self.config, self.config["linear_attn_config"]
        keys.add_vocab_size(config["vocab_size"])
        full = linear["full_attn_layers"]  # counted from 1
        keys.add_head_count_kv([int(layer + 1 in full) for layer in range(self.blocks)])
        if (kernel := linear.get("short_conv_kernel_size")) is not None:
            keys.add_ssm_conv_kernel(kernel)
        if (size := linear.get("head_dim")) is not None:
            keys.add_kda_head_dim(size)
        if (rank := config.find("q_lora_rank", "n_lora_q")) is not None:
            keys.add_q_lora_rank(rank)
        latent, rotary = config.need("kv_lora_rank", "n_lora_kv"), config.need("qk_rope_head_dim", "n_rot")
        keys.add_kv_lora_rank(latent)
        keys.add_rope_dimension_count(rotary)
        keys.add_key_length(latent + rotary)
        keys.add_key_length_mla(config["qk_nope_head_dim"] + rotary)
        keys.add_value_length_mla(config["v_head_dim"])
        keys.add_expert_feed_forward_length(config["moe_intermediate_size"])
        keys.add_expert_shared_count(config["num_shared_experts"])
        keys.add_leading_dense_block_count(config["first_k_dense_replace"])
        keys.add_expert_weights_scale(config["routed_scaling_factor"])

    def write_vocabulary(self, keys: Keys) -> None:
        if not has_tiktoken(self.model):
            write_bpe(self.model, keys)
            return
        special = write_kimi(self.model, keys)
        end = (self.model.json("tokenizer_config.json") or {}).get("eos_token")
        text = end.get("content") if isinstance(end, dict) else end
        if text in special:
            keys.add_eos_token_id(special[text])


FAMILIES = (KimiLinear,)
