"""GLM-4: the 9B chat models and the 0414 series (conversion/chatglm.py, conversion/glm.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf
import numpy as np

from .. import lazy
from ..family import Family, Named, Names, Rows
from ..keys import Keys
from ..lazy import Lazy
from ..vocab.glm import write_bpe_with, write_glm

_EXPERTS: Rows = (
    ("expert_count", ("n_routed_experts",)),
    ("expert_feed_forward_length", ("moe_intermediate_size",)),
    ("expert_shared_count", ("n_shared_experts",)),
    ("leading_dense_block_count", ("first_k_dense_replace",)),
)
_ROUTING: Rows = (
    ("expert_weights_scale", ("routed_scaling_factor",)),
    ("expert_weights_norm", ("norm_topk_prob",)),
    ("nextn_predict_layers", ("num_nextn_predict_layers",)),
)
_ROTATED = ("q_proj.weight", "q_proj.bias", "k_proj.weight", "k_proj.bias")
_END, _USER = "<|endoftext|>", "<|user|>"


class Glm(Family):
    title = "GLM-4, ChatGLM"
    proof = "golden"
    classes: ClassVar[Names] = ("GlmForCausalLM", "ChatGLMModel", "ChatGLMForConditionalGeneration")
    arch = "chatglm"

    def rename(self, name: str) -> str | None:
        if name.endswith(".rotary_pos_emb.inv_freq"):
            return None
        return super().rename(name.removeprefix("transformer."))

    def write_parameters(self, keys: Keys) -> None:
        config = self.config
        width, heads = int(config.need("hidden_size", "n_embed")), int(config.need("n_head", "num_attention_heads"))
        rope_size = config.get("attention_dim", config["hidden_size"] // config["num_attention_heads"])
        keys.add_context_length(config.get("seq_length", width))
        keys.add_embedding_length(width)
        keys.add_feed_forward_length(config.find("ffn_hidden_size", "intermediate_size") or 4 * width)
        keys.add_block_count(self.blocks)
        keys.add_head_count(heads)
        keys.add_head_count_kv(config.find("multi_query_group_num", "num_key_value_heads") or heads)
        keys.add_layer_norm_rms_eps(config.get("layernorm_epsilon", 1e-5))
        keys.add_file_type()
        keys.add_rope_dimension_count(int(rope_size * self.rope.get("partial_rotary_factor", 0.5)))
        keys.add_add_bos_token(False)
        keys.add_rope_freq_base(10000 * config.get("rope_ratio", 1))
        if "rope_ratio" not in config:
            self.write_base_of_version_5(keys)

    def write_vocabulary(self, keys: Keys) -> None:
        write_bpe_with(self.model, keys, {"eos": _END, "eot": _USER, "unk": _END})


class Glm4(Family):
    title = "GLM-4-0414"
    proof = "reference"
    classes: ClassVar[Names] = ("Glm4ForCausalLM",)
    text_only: ClassVar[Names] = ("Glm4vForConditionalGeneration",)
    arch = "glm4"

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """Models that see rotate by sections, in llama.cpp only with the halves of a pair far apart."""
        if "mrope_section" in self.rope and name.endswith(_ROTATED):
            size = self.config.head_size
            if tensor.shape[0] not in (self.config.heads * size, self.config.key_heads * size):
                raise ValueError(f"{name}: {tensor.shape[0]} rows for heads of {size}")
            tensor = _halves(tensor, size, self.rope.get("partial_rotary_factor", 0.5))
        yield from super().change(name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_rope_dimension_count(int(self.config.head_size * self.rope.get("partial_rotary_factor", 0.5)))

    def write_vocabulary(self, keys: Keys) -> None:
        write_bpe_with(self.model, keys, {"eos": _END, "eot": _USER, "unk": _END, "bos": _END})


def _halves(tensor: Lazy, size: int, share: float) -> Lazy:
    """Head by head, in the rotated part: the first ones of all pairs, then the second ones."""
    head, rotated = np.arange(size), int(size * share)
    order = np.concatenate([head[:rotated:2], head[1:rotated:2], head[rotated:]])
    index = (np.arange(0, tensor.shape[0], size)[:, None] + order).reshape(-1)
    return lazy.gathered(tensor, index)


class GlmOcr(Glm4):
    title = "GLM-OCR"
    classes: ClassVar[Names] = ()
    text_only: ClassVar[Names] = ("GlmOcrForConditionalGeneration",)
    keeps_ahead: ClassVar[bool] = True

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        if (ahead := self.config.get("num_nextn_predict_layers")) is not None:
            keys.add_nextn_predict_layers(ahead)


class Glm4Moe(Family):
    """GLM-4.5 and 4.6: the layers that predict a further token come after the others and are kept."""

    title = "GLM-4.5, GLM-4.6"
    proof = "reference"
    classes: ClassVar[Names] = ("Glm4MoeForCausalLM",)
    text_only: ClassVar[Names] = ("Glm4vMoeForConditionalGeneration",)
    arch = "glm4moe"
    keeps_ahead: ClassVar[bool] = True

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        share = self.rope.get("partial_rotary_factor", 0.5)
        keys.add_rope_dimension_count(int(self.config.head_size * share))
        self.write_rows(_EXPERTS, keys)
        keys.add_expert_gating_func(gguf.ExpertGatingFuncType.SIGMOID)
        self.write_rows(_ROUTING, keys)

    def write_vocabulary(self, keys: Keys) -> None:
        write_glm(self.model, keys)


class SolarOpen(Glm4Moe):
    title = "Solar Open"
    classes: ClassVar[Names] = ("SolarOpenForCausalLM",)
    text_only: ClassVar[Names] = ()

    def write_vocabulary(self, keys: Keys) -> None:
        write_bpe_with(self.model, keys, {"eos": _END, "eot": _END, "unk": "<unk>", "bos": "<|startoftext|>"})


FAMILIES = (Glm, Glm4, GlmOcr, Glm4Moe, SolarOpen)
