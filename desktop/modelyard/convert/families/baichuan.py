"""Baichuan 1 and 2 (conversion/baichuan.py, whose own conversion never ends)."""

from __future__ import annotations

from typing import ClassVar

from .. import lazy
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..vocab.spm import write_spm


class Baichuan(Family):
    title = "Baichuan"
    proof = "builder"
    classes: ClassVar[Names] = ("BaichuanForCausalLM", "BaiChuanForCausalLM")
    arch = "baichuan"

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if name != f"model.layers.{block}.self_attn.W_pack.weight":
            yield name, tensor
            return
        queries, keys, values = lazy.split(tensor, [tensor.shape[0] // 3] * 3)
        yield f"blk.{block}.attn_q.weight", lazy.permuted(queries, self.config.heads)
        yield f"blk.{block}.attn_k.weight", lazy.permuted(keys, self.config.key_heads)
        yield f"blk.{block}.attn_v.weight", values

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_tensor_data_layout("Meta AI original pth")
        keys.add_rope_dimension_count(self.config["hidden_size"] // self.config["num_attention_heads"])

    def write_vocabulary(self, keys: Keys) -> None:
        write_spm(self.model, keys)


FAMILIES = (Baichuan,)
