"""inclusionAI's Ling and Ring: routed and shared experts after dense layers (conversion/bailingmoe.py)."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import lazy
from ..content import RowBlock, WeightReader
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy

_ROWS = 4096  # of the output, read at a time


class BailingMoe(Family):
    title = "Ling, Ring"
    proof = "reference"
    classes: ClassVar[Names] = ("BailingMoeForCausalLM",)
    arch = "bailingmoe"

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if name.endswith("attention.dense.weight"):
            yield f"blk.{block}.attn_output.weight", tensor
        elif name.endswith("query_key_value.weight"):
            heads, key_heads, size = self.config.heads, self.config.key_heads, self.config.head_size
            q, k, v = lazy.split(tensor, [heads * size, key_heads * size, key_heads * size])
            yield f"blk.{block}.attn_q.weight", lazy.permuted(q, heads)
            yield f"blk.{block}.attn_k.weight", lazy.permuted(k, key_heads)
            yield f"blk.{block}.attn_v.weight", v
        else:
            normalized = name == "lm_head.weight" and self.config.get("norm_head")
            yield from super().change(name, _normalized(tensor) if normalized else tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config = self.config
        keys.add_rope_dimension_count(config.head_size)
        keys.add_leading_dense_block_count(config["first_k_dense_replace"])
        keys.add_vocab_size(config["vocab_size"])
        keys.add_expert_feed_forward_length(config["moe_intermediate_size"])
        keys.add_expert_weights_scale(1.0)
        keys.add_expert_shared_count(config["num_shared_experts"])
        keys.add_expert_weights_norm(config["norm_topk_prob"])


def _normalized(tensor: Lazy) -> Lazy:
    """Every column divided by its length, which is found when rows are first asked for. Sums go row by row, rounded to
    float32 once a row, as torch does it."""
    lengths: list[NDArray[np.float32]] = []

    def measure(reader: WeightReader) -> NDArray[np.float32]:
        total = np.zeros(tensor.columns, np.float32)
        for start in range(0, tensor.rows, _ROWS):
            block = lazy.as_float32(tensor.read(reader, start, min(start + _ROWS, tensor.rows)))
            for row in block.astype(np.float64):
                total = (total + row * row).astype(np.float32)
        return np.sqrt(total) + np.float32(1e-7)

    def read(reader: WeightReader, start: int, stop: int) -> RowBlock:
        if not lengths:
            lengths.append(measure(reader))
        return RowBlock("F32", lazy.as_float32(tensor.read(reader, start, stop)) / lengths[0])

    return replace(tensor, dtype="F32", read=read)


class BailingMoe2(Family):
    title = "Ling 2.0, Ring 2.0"
    proof = "reference"
    classes: ClassVar[Names] = ("BailingMoeV2ForCausalLM",)
    arch = "bailingmoe2"
    keeps_ahead: ClassVar[bool] = True

    def rename(self, name: str) -> str | None:
        return super().rename(f"{name}.bias" if name.endswith(".expert_bias") else name)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config = self.config
        expert, shared = config["moe_intermediate_size"], config["num_shared_experts"]
        keys.add_rope_dimension_count(int(config.head_size * self.rope.get("partial_rotary_factor", 0.5)))
        keys.add_leading_dense_block_count(config["first_k_dense_replace"])
        keys.add_vocab_size(config["vocab_size"])
        keys.add_expert_feed_forward_length(expert)
        width = config.get("moe_shared_expert_intermediate_size", expert * shared)
        keys.add_expert_shared_feed_forward_length(width)
        keys.add_expert_weights_scale(config["routed_scaling_factor"])
        keys.add_expert_shared_count(shared)
        keys.add_expert_weights_norm(config["norm_topk_prob"])
        if (ahead := config.get("num_nextn_predict_layers")) is not None:
            keys.add_nextn_predict_layers(ahead)


FAMILIES = (BailingMoe, BailingMoe2)
