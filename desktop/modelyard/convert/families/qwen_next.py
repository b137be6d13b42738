"""Qwen3-Next and Qwen 3.5: linear attention between full attention layers (conversion/qwen.py)."""

from __future__ import annotations

import re
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import lazy
from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from .mamba import negative_exponential
from .qwen import Qwen2Moe

_AHEAD = {"fc": "eh_proj", "pre_fc_norm_embedding": "enorm", "pre_fc_norm_hidden": "hnorm", "norm": "shared_head.norm"}
_AHEAD_LAYER = re.compile(r"mtp\.layers\.(\d+)\.(.+)")
_AHEAD_OTHER = re.compile(r"mtp\.([a-z_]+)\.([^.]+)")


class Qwen3Next(Qwen2Moe):
    title = "Qwen3-Next"
    proof = "reference"
    classes: ClassVar[Names] = ("Qwen3NextForCausalLM",)
    arch = "qwen3next"

    def count_blocks(self) -> int:
        """The layers that predict further tokens come after the others."""
        layers = int(self.config["num_hidden_layers"])
        found = [_AHEAD_LAYER.match(name.removeprefix("model.")) for name in self.model.tensors]
        present = max((int(match[1]) + 1 for match in found if match), default=0)
        return layers + int(self.config.get("mtp_num_hidden_layers", 0) or present)

    def rename(self, name: str) -> str | None:
        renamed = super().rename(name)
        if renamed is None:
            return None
        ahead = renamed.removeprefix("model.") if renamed.startswith("model.mtp.") else renamed
        layers = int(self.config["num_hidden_layers"])
        if found := _AHEAD_LAYER.fullmatch(ahead):
            return f"model.layers.{layers + int(found[1])}.{found[2]}"
        found = _AHEAD_OTHER.fullmatch(ahead)
        if found and found[1] in _AHEAD:
            return f"model.layers.{layers}.{_AHEAD[found[1]]}.{found[2]}"
        return ahead

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if name.endswith(".A_log"):
            tensor = negative_exponential(tensor)
        elif name.endswith(".dt_bias"):
            name = f"{name.removesuffix('.dt_bias')}.dt_proj.bias"
        elif "conv1d" in name:
            tensor = lazy.squeezed(tensor)
        elif name.endswith("norm.weight") and not name.endswith("linear_attn.norm.weight"):
            tensor = lazy.plus_one(tensor)
        if "in_proj_qkvz.weight" in name:
            qkv, gate = self._split_heads(tensor.shape[0])
            yield f"blk.{block}.attn_qkv.weight", lazy.gathered(tensor, qkv)
            yield f"blk.{block}.attn_gate.weight", lazy.gathered(tensor, gate)
        else:
            yield from super().change(name, tensor, block)

    def _split_heads(self, rows: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """in_proj_qkvz goes key head by key head, each [q, k, its values, their gates]: rows of all q, k and v, and of
        all gates."""
        config = self.config
        heads, key = int(config["linear_num_key_heads"]), int(config["linear_key_head_dim"])
        values = int(config["linear_num_value_heads"]) // heads * int(config["linear_value_head_dim"])
        index = np.arange(rows).reshape(heads, 2 * key + 2 * values)
        q, k, v, z = np.split(index, [key, 2 * key, 2 * key + values], axis=1)
        return np.concatenate([part.reshape(-1) for part in (q, k, v)]), z.reshape(-1)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config = self.config
        if (ahead := self.blocks - int(config["num_hidden_layers"])) > 0:
            keys.add_nextn_predict_layers(ahead)
        keys.add_ssm_conv_kernel(config["linear_conv_kernel_dim"])
        keys.add_ssm_state_size(config["linear_key_head_dim"])
        keys.add_ssm_group_count(config["linear_num_key_heads"])
        keys.add_ssm_time_step_rank(config["linear_num_value_heads"])
        keys.add_ssm_inner_size(config["linear_value_head_dim"] * config["linear_num_value_heads"])
        if (types := config.get("layer_types")) is not None:
            keys.add_recurrent_layers([kind == "linear_attention" for kind in types] + [False] * ahead)
        keys.add_full_attention_interval(config.get("full_attention_interval", 4))
        keys.add_rope_dimension_count(int(config.head_size * self.rope.get("partial_rotary_factor", 0.25)))


class Qwen35Moe(Qwen3Next):
    """Value heads go from "grouped by key head" to "tiled", so that ggml can repeat the keys."""

    title = "Qwen 3.5 MoE"
    proof = "reference"
    classes: ClassVar[Names] = ("Qwen3_5MoeForCausalLM",)
    text_only: ClassVar[Names] = ("Qwen3_5MoeForConditionalGeneration",)
    arch = "qwen35moe"

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        config = self.config
        heads, values = int(config.get("linear_num_key_heads", 0)), int(config.get("linear_num_value_heads", 0))
        if "linear_attn." in name and 0 < heads != values > 0:
            tensor = self._tiled(name, tensor, heads, values // heads)
        yield from super().change(name, tensor, block)

    def _tiled(self, name: str, tensor: Lazy, heads: int, share: int) -> Lazy:
        size = int(self.config["linear_value_head_dim"])
        keys = 2 * heads * int(self.config["linear_key_head_dim"])
        if ".in_proj_qkv." in name or ".conv1d" in name:
            matrix = lazy.squeezed(tensor)
            order = np.concatenate([np.arange(keys), keys + _tiled(heads, share, size)])
            return lazy.gathered(matrix, order)
        if ".in_proj_z." in name:
            return lazy.gathered(tensor, _tiled(heads, share, size))
        if ".out_proj." in name:
            return lazy.columns(tensor, _tiled(heads, share, size))
        if name.endswith((".in_proj_b.weight", ".in_proj_a.weight", ".A_log", ".dt_bias")):
            return lazy.gathered(tensor, _tiled(heads, share, 1))
        return tensor

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        if "mrope_section" not in self.rope:
            keys.add_rope_dimension_sections([11, 11, 10, 0])


def _tiled(heads: int, share: int, size: int) -> NDArray[np.int64]:
    return np.arange(heads * share * size).reshape(heads, share, size).swapaxes(0, 1).reshape(-1)


class Qwen35(Qwen35Moe):
    title = "Qwen 3.5"
    proof = "reference"
    classes: ClassVar[Names] = ("Qwen3_5ForCausalLM",)
    text_only: ClassVar[Names] = ("Qwen3_5ForConditionalGeneration",)
    arch = "qwen35"


FAMILIES = (Qwen3Next, Qwen35Moe, Qwen35)
