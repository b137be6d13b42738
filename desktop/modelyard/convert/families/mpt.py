"""MosaicML's MPT and DBRX, which Databricks built after it (conversion/mpt.py, conversion/dbrx.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from .. import lazy
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..model import Model
from ..names import TensorNames
from ..vocab.bpe import write_bpe
from ..vocab.spm import has_spm, write_spm


class Mpt(Family):
    title = "MPT"
    proof = "reference"
    classes: ClassVar[Names] = ("MPTForCausalLM",)
    arch = "mpt"

    def write_parameters(self, keys: Keys) -> None:
        width = int(self.config["d_model"])
        attention: Mapping[str, Any] = self.config["attn_config"]
        keys.add_context_length(self.config["max_seq_len"])
        keys.add_embedding_length(width)
        keys.add_block_count(self.blocks)
        keys.add_feed_forward_length(4 * width)
        keys.add_head_count(self.config["n_heads"])
        if heads := attention.get("kv_n_heads"):
            keys.add_head_count_kv(heads)
        keys.add_layer_norm_eps(1e-5)
        if (most := attention.get("clip_qkv")) is not None:
            keys.add_clamp_kqv(most)
        keys.add_max_alibi_bias(attention["alibi_bias_max"] if attention["alibi"] else 0.0)

    def write_vocabulary(self, keys: Keys) -> None:
        if "tokenizer.json" in self.model.files or not has_spm(self.model):
            write_bpe(self.model, keys)
            return
        write_spm(self.model, keys)  # SEA-LION
        keys.add_add_bos_token(False)
        keys.add_pad_token_id(3)
        keys.add_eos_token_id(1)
        keys.add_unk_token_id(0)


class _SizeOfTheFile(TensorNames):
    """Routers too have the size's type (DbrxModel.tensor_force_quant)."""

    def always_float32(self, name: str, block: int | None) -> bool:
        return False


class Dbrx(Family):
    title = "DBRX"
    proof = "reference"
    classes: ClassVar[Names] = ("DbrxForCausalLM",)
    arch = "dbrx"

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.names = _SizeOfTheFile(self.arch, self.blocks)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """The experts of a layer are one matrix, stored [experts × inner size, width]."""
        if ".ffn.experts.mlp." not in name or name.endswith(".weight"):
            yield name, tensor
            return
        inner: Mapping[str, Any] = self.config["ffn_config"]
        shape = (int(inner["moe_num_experts"]), int(inner["ffn_hidden_size"]), int(self.config["d_model"]))
        stack = lazy.reshaped(tensor, shape)
        yield f"{name}.weight", lazy.transposed(stack) if name.endswith(".w2") else stack

    def write_parameters(self, keys: Keys) -> None:
        inner: Mapping[str, Any] = self.config["ffn_config"]
        attention: Mapping[str, Any] = self.config["attn_config"]
        keys.add_block_count(self.blocks)
        keys.add_context_length(self.config["max_seq_len"])
        keys.add_embedding_length(self.config["d_model"])
        keys.add_feed_forward_length(inner["ffn_hidden_size"])
        keys.add_head_count(self.config["n_heads"])
        keys.add_head_count_kv(attention["kv_n_heads"])
        keys.add_rope_freq_base(attention["rope_theta"])
        keys.add_clamp_kqv(attention["clip_qkv"])
        keys.add_expert_count(inner["moe_num_experts"])
        keys.add_expert_used_count(inner["moe_top_k"])
        keys.add_layer_norm_eps(1e-5)
        keys.add_file_type()


FAMILIES = (Mpt, Dbrx)
