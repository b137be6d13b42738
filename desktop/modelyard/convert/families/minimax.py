"""MiniMax M2 and M3: layers of experts, only part of a head is rotated (conversion/minimax.py)."""

from __future__ import annotations

from itertools import takewhile
from typing import ClassVar

from ...formats.ggml_types import GgmlType
from ..config import Config
from ..family import Family, Names, Rows
from ..keys import Keys
from ..lazy import Lazy


class MiniMaxM2(Family):
    title = "MiniMax M2"
    proof = "reference"
    classes: ClassVar[Names] = ("MiniMaxM2ForCausalLM",)
    arch = "minimax-m2"
    extra: ClassVar[Rows] = (
        ("expert_feed_forward_length", ("intermediate_size",)),
        ("rope_dimension_count", ("rotary_dim",)),
    )
    experts: ClassVar[Names] = ("w1", "w2", "w3")
    expert_path: ClassVar[str] = "block_sparse_moe.experts"
    scores: ClassVar[str] = "sigmoid"


_INDEXER = (
    ("indexer_head_count", "sparse_num_index_heads"),
    ("indexer_key_length", "sparse_index_dim"),
    ("indexer_top_k", "sparse_topk_blocks"),
    ("indexer_block_size", "sparse_block_size"),
    ("indexer_local_blocks", "sparse_local_block"),
)


class MiniMaxM3(MiniMaxM2):
    """Norms are stored around zero. An indexer tells which blocks of tokens attention looks at."""

    title = "MiniMax M3"
    classes: ClassVar[Names] = ("MiniMaxM3SparseForCausalLM",)
    text_only: ClassVar[Names] = ("MiniMaxM3SparseForConditionalGeneration",)
    arch = "minimax-m3"
    plus_one: ClassVar[Names] = ("norm.weight",)

    def fixed_type(self, source: str, name: str, tensor: Lazy) -> GgmlType | None:
        return GgmlType.F32 if ".indexer." in name else super().fixed_type(source, name, tensor)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config = self.config
        keys.add_expert_shared_count(config["n_shared_experts"])
        keys.add_expert_weights_scale(config["routed_scaling_factor"])
        keys.add_expert_weights_norm(True)
        indexer = Config(config["sparse_attention_config"])
        for method, key in _INDEXER:
            getattr(keys, f"add_{method}")(indexer[key])
        dense = takewhile(lambda often: often == 0, config["moe_layer_freq"])
        keys.add_leading_dense_block_count(len(list(dense)))


FAMILIES = (MiniMaxM2, MiniMaxM3)
