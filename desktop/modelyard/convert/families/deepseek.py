"""DeepSeek: the first with experts; V2, V3 and R1 with latent attention; GLM-4.7-Flash, which is built like them
(conversion/deepseek.py, conversion/glm.py)."""

from __future__ import annotations

import re
from typing import ClassVar

import gguf

from .. import lazy
from ..config import Config
from ..family import Family, Named, Names, Permuted
from ..keys import Keys
from ..lazy import Lazy
from ..model import Model
from ..vocab.bpe import write_bpe
from ..vocab.glm import write_glm
from ..vocab.spm import has_spm, write_spm
from ..vocab.tiktoken import has_tiktoken, write_kimi

_LAYER = re.compile(r"model\.layers\.(\d+)")


class DeepSeek(Family):
    title = "DeepSeek MoE"
    proof = "reference"
    classes: ClassVar[Names] = ("DeepseekForCausalLM",)
    arch = "deepseek"
    permuted: ClassVar[Permuted] = (("q_proj", "heads"), ("k_proj", "key_heads"))

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config = self.config
        keys.add_rope_dimension_count(config.head_size)
        keys.add_rope_scaling_type(gguf.RopeScalingType.NONE)
        keys.add_leading_dense_block_count(config["first_k_dense_replace"])
        keys.add_vocab_size(config["vocab_size"])
        keys.add_expert_feed_forward_length(config["moe_intermediate_size"])
        keys.add_expert_weights_scale(1.0)
        keys.add_expert_count(config["n_routed_experts"])
        keys.add_expert_shared_count(config["n_shared_experts"])

    def write_vocabulary(self, keys: Keys) -> None:
        if has_spm(self.model):
            write_spm(self.model, keys)
        else:
            write_bpe(self.model, keys)


class DeepSeek2(Family):
    title = "DeepSeek V2, V3, R1, Kimi K2, Youtu"
    proof = "golden"
    classes: ClassVar[Names] = ("DeepseekV2ForCausalLM", "DeepseekV3ForCausalLM", "YoutuForCausalLM")
    text_only: ClassVar[Names] = (
        "KimiVLForConditionalGeneration",
        "KimiK25ForConditionalGeneration",
        "YoutuVLForConditionalGeneration",
    )
    arch = "deepseek2"

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._stored_key_heads = model.config.key_heads
        # The stored heads share one latent key and value, which llama.cpp sees as one head.
        self.config = self.config.with_values(num_key_value_heads=1)

    def prepare(self, config: Config) -> Config:
        return config if config.get("rms_norm_eps") is not None else config.with_values(rms_norm_eps=1e-6)

    def rename(self, name: str) -> str | None:
        renamed = super().rename(name)
        if renamed is None or (self.config.get("tie_word_embeddings") and renamed.endswith("lm_head.weight")):
            return None
        layer = _LAYER.match(renamed)  # layers beyond the last predict further tokens; llama.cpp has no use for them
        return None if layer and int(layer[1]) >= self.blocks else renamed

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """kv_b_proj is split into keys (transposed, so that it can be absorbed into the queries) and values."""
        if not name.endswith("kv_b_proj.weight"):
            yield from super().change(name, tensor, block)
            return
        plain, value = int(self.config["qk_nope_head_dim"]), int(self.config["v_head_dim"])
        heads = lazy.reshaped(tensor, (self._stored_key_heads, plain + value, tensor.shape[-1]))
        keys = lazy.transposed(lazy.middle_sliced(heads, 0, plain))
        yield name.replace("kv_b_proj", "k_b_proj"), keys
        yield name.replace("kv_b_proj", "v_b_proj"), lazy.middle_sliced(heads, plain, plain + value)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config = self.config
        routed = config.get("n_routed_experts")
        dense = config.get("first_k_dense_replace")
        if dense is None:
            dense = config["num_hidden_layers"] if routed is None else 0
        keys.add_leading_dense_block_count(dense)
        keys.add_vocab_size(config["vocab_size"])
        if (rank := config.get("q_lora_rank")) is not None:
            keys.add_q_lora_rank(rank)
        self.write_latent(keys)
        keys.add_expert_feed_forward_length(config.need("moe_intermediate_size", "intermediate_size"))
        if routed is not None:
            keys.add_expert_count(routed)
        keys.add_expert_shared_count(config.get("n_shared_experts", 0))
        if (scale := config.get("routed_scaling_factor")) is not None:
            keys.add_expert_weights_scale(scale)
        if config.get("norm_topk_prob"):
            keys.add_expert_weights_norm(True)
        keys.add_rope_dimension_count(config["qk_rope_head_dim"])
        if (mscale := self.rope.get("mscale_all_dim")) is not None:
            keys.add_rope_scaling_yarn_log_mul(0.1 * mscale)

    def write_latent(self, keys: Keys) -> None:
        """Sizes of the latent keys and values, and of what becomes of them."""
        config = self.config
        latent, rotary, plain = config.get("kv_lora_rank", 512), config["qk_rope_head_dim"], config["qk_nope_head_dim"]
        keys.add_kv_lora_rank(latent)
        keys.add_key_length(latent + rotary)
        keys.add_value_length(latent)
        keys.add_key_length_mla(plain + rotary)
        keys.add_value_length_mla(config["v_head_dim"])

    def write_vocabulary(self, keys: Keys) -> None:
        if has_tiktoken(self.model):  # Moonlight, Kimi K2
            write_kimi(self.model, keys)
        else:
            write_bpe(self.model, keys)


class Glm4MoeLite(DeepSeek2):
    title = "GLM-4.7-Flash"
    proof = "reference"
    classes: ClassVar[Names] = ("Glm4MoeLiteForCausalLM",)
    text_only: ClassVar[Names] = ()
    keeps_ahead: ClassVar[bool] = True

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        if self.ahead:
            keys.add_nextn_predict_layers(self.ahead)

    def write_vocabulary(self, keys: Keys) -> None:
        write_glm(self.model, keys)


FAMILIES = (DeepSeek, DeepSeek2, Glm4MoeLite)
