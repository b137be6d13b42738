"""Preferred Networks' PLaMo: the first, PLaMo 2 with Mamba layers, and PLaMo 3 (conversion/plamo.py)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import lazy
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..model import Model
from ..vocab.bpe import write_bpe
from ..vocab.plamo import FILE, write_plamo
from ..vocab.spm import write_spm
from .mamba import negative_exponential

_KEY_HEADS = 5  # of the first PLaMo, whatever its configuration says


class Plamo(Family):
    """Its query heads lie side by side for every key head in turn."""

    title = "PLaMo"
    proof = "reference"
    classes: ClassVar[Names] = ("PlamoForCausalLM",)
    arch = "plamo"

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if name.endswith("self_attn.q_proj.weight"):
            tensor = lazy.gathered(tensor, self._order(tensor.rows, _KEY_HEADS, self.config.heads // _KEY_HEADS))
        elif name.endswith("self_attn.o_proj.weight"):
            tensor = lazy.columns(tensor, self._order(tensor.columns, _KEY_HEADS, self.config.heads // _KEY_HEADS))
        yield name, tensor

    @staticmethod
    def _order(length: int, outer: int, inner: int) -> NDArray[np.int64]:
        return np.arange(length).reshape(inner, outer, -1).swapaxes(0, 1).reshape(-1)

    def write_parameters(self, keys: Keys) -> None:
        config = self.config
        keys.add_context_length(4096)
        keys.add_embedding_length(config["hidden_size"])
        keys.add_feed_forward_length(config["intermediate_size"])
        keys.add_block_count(self.blocks)
        keys.add_head_count(config["num_attention_heads"])
        keys.add_head_count_kv(_KEY_HEADS)
        keys.add_layer_norm_rms_eps(config["rms_norm_eps"])
        keys.add_file_type()

    def write_vocabulary(self, keys: Keys) -> None:
        write_spm(self.model, keys)


# Norms are stored as the distance from what they begin with.
_NORMS = {
    ".pre_mixer_norm.weight": 1.0,
    ".post_mixer_norm.weight": 1.0 / 5,
    ".pre_mlp_norm.weight": 1.0,
    ".post_mlp_norm.weight": 1.0 / (5**1.5),
    ".mixer.q_norm.weight": 1.0,
    ".mixer.k_norm.weight": 1.0,
    ".norm.weight": 1.0,
}


def _norm(name: str, tensor: Lazy) -> Lazy:
    start = next((start for ending, start in _NORMS.items() if name.endswith(ending)), None)
    return tensor if start is None else lazy.mapped(tensor, lambda values: values + np.float32(start))


class _OwnVocabulary(Family):
    def write_vocabulary(self, keys: Keys) -> None:
        if FILE in self.model.files or "tokenizer.json" not in self.model.files:
            write_plamo(self.model, keys)
        else:
            write_bpe(self.model, keys)


_RENAMED = {
    ".dt_bias": ".dt_proj.bias",
    ".dt_norm_weight": ".dt_norm.weight",
    ".B_norm_weight": ".B_norm.weight",
    ".C_norm_weight": ".C_norm.weight",
    ".k_weight": ".k.weight",
    ".q_weight": ".q.weight",
}


class Plamo2(_OwnVocabulary):
    title = "PLaMo 2"
    proof = "reference"
    classes: ClassVar[Names] = ("Plamo2ForCausalLM", "PLaMo2ForCausalLM")
    arch = "plamo2"

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if name.endswith(".A_log"):
            yield name, negative_exponential(tensor)
        elif name.endswith(".conv1d.weight"):
            yield name, lazy.squeezed(tensor)
        else:
            for old, new in _RENAMED.items():
                if name.endswith(old):
                    name = f"{name.removesuffix(old)}{new}"
                    break
            else:
                tensor = _norm(name, tensor)
            yield name, tensor

    def write_parameters(self, keys: Keys) -> None:
        get = self.config.get
        keys.add_vocab_size(self.config["vocab_size"])
        if get("mamba_enabled", True):
            keys.add_head_count_kv([get("num_key_value_heads", 4) if here else 0 for here in self._attention()])
            # The reference writes no heads for Mamba layers; llama.cpp, which asks the first layer, then rotates
            # nothing for ever.
            keys.add_head_count([get("num_attention_heads", 32)] * self.blocks)
        size, heads = get("hidden_size_per_head", 128), get("mamba_num_heads", 64)
        keys.add_context_length(get("max_position_embeddings", 2048))
        keys.add_embedding_length(get("hidden_size", 4096))
        keys.add_key_length(size)
        keys.add_value_length(size)
        keys.add_block_count(self.blocks)
        keys.add_layer_norm_rms_eps(get("rms_norm_eps", 1e-06))
        keys.add_rope_freq_base(self.rope.get("rope_theta", 10000))
        keys.add_ssm_state_size(get("mamba_d_state", 64))
        keys.add_ssm_conv_kernel(get("mamba_d_conv", 4))
        keys.add_ssm_time_step_rank(heads)
        keys.add_ssm_inner_size(heads * size)
        keys.add_ssm_group_count(0)
        keys.add_feed_forward_length(get("intermediate_size", 13312))
        keys.add_file_type()

    def _attention(self) -> list[bool]:
        """Which layers are attention, one of every `mamba_step`."""
        step = int(self.config.get("mamba_step", 2))
        if self.blocks <= step // 2:
            return [layer == self.blocks - 1 for layer in range(self.blocks)]
        return [layer % step == step // 2 for layer in range(self.blocks)]


class Plamo3(_OwnVocabulary):
    title = "PLaMo 3"
    proof = "reference"
    classes: ClassVar[Names] = ("Plamo3ForCausalLM", "PLaMo3ForCausalLM")
    arch = "plamo3"

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        factor = self.config.get("rope_scaling_factor", 1)
        if factor != 1 and "rope_type" not in self.rope:
            self.rope |= {
                "rope_type": "yarn",
                "factor": float(factor),
                "original_max_position_embeddings": int(self.config["initial_context_length"]),
                "beta_fast": 32.0,
                "beta_slow": 1.0,
            }

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        yield name, _norm(name, tensor)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_vocab_size(self.config["vocab_size"])
        if (window := self.config.find("window_size", "sliding_window")) is not None:
            keys.add_sliding_window(window)
            keys.add_sliding_window_pattern(self.config["sliding_window_pattern"])

    def write_vocabulary(self, keys: Keys) -> None:
        super().write_vocabulary(keys)
        settings = self.model.json("tokenizer_config.json") or {}
        template = self.model.files.text("chat_template.jinja") or settings.get("chat_template")
        if template:
            keys.add_chat_template(template)


FAMILIES = (Plamo, Plamo2, Plamo3)
