"""Granite 4 and Bamba: Mamba 2 layers between attention layers (conversion/granite.py GraniteHybridModel). Their
config.json is read as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ..config import Config, text_config
from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..model import Model
from ..names import TensorNames
from ..vocab.bpe import write_bpe
from ..vocab.spm import has_spm, write_spm
from .granite import GraniteMoe
from .mamba import mamba2_tensor, padded_vocabulary

_ATTENTION = ("attention", "full_attention")  # the second is version 5's name, which the reference does not know


class GraniteHybrid(GraniteMoe):
    """A model without Mamba layers is an ordinary Granite under this class."""

    title = "Granite 4, Bamba"
    proof = "reference"
    classes: ClassVar[Names] = ("GraniteMoeHybridForCausalLM", "BambaForCausalLM")
    arch = "granitehybrid"

    def __init__(self, model: Model) -> None:
        self._attention = _attention_layers(model.config)
        self._hybrid = len(self._attention) < int(model.config["num_hidden_layers"])
        if not self._hybrid:
            routed = model.config.find("num_experts_per_tok", "num_experts_per_token")
            self.arch = "granitemoe" if routed else "granite"
        super().__init__(model)
        self.names = TensorNames("granitehybrid", self.blocks)

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Config:
        return text_config(raw)

    def rename(self, name: str) -> str | None:
        if name.endswith(".dt_bias"):
            name = f"{name.removesuffix('.dt_bias')}.dt_proj.bias"
        return super().rename(name)

    @property
    def _groups(self) -> int:
        return int(self.config.need("n_groups", "num_groups", "mamba_n_groups", "mamba_num_groups"))

    @property
    def _inner(self) -> int:
        factor = self.config.need("expand", "num_heads", "mamba_expand", "mamba_num_heads")
        return int(factor * self.config.need("mamba_head_dim", "hidden_size", "d_model"))

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        moe = name.endswith("block_sparse_moe.input_linear.weight") or "shared_mlp" in name
        if block is None or moe or block in self._attention:
            yield from super().change(name, tensor, block)
        else:
            yield name, mamba2_tensor(name, tensor, self._groups, self._inner)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        need = self.config.need
        keys.add_ssm_conv_kernel(need("conv_kernel", "d_conv", "mamba_conv_kernel", "mamba_d_conv"))
        keys.add_ssm_state_size(need("state_size", "d_state", "state_dim", "ssm_state_size", "mamba_d_state"))
        keys.add_ssm_group_count(self._groups)
        keys.add_ssm_inner_size(self._inner)
        keys.add_ssm_time_step_rank(need("n_heads", "num_heads", "mamba_n_heads", "mamba_num_heads"))
        if size := self.config.get("attn_rotary_emb"):
            keys.add_rope_dimension_count(size)
        heads = need("num_key_value_heads", "n_head_kv")
        keys.add_head_count_kv([heads if layer in self._attention else 0 for layer in range(self.blocks)])
        rotates = self.model.architecture == "BambaForCausalLM" or not self._hybrid
        keys.add_rope_scaling_finetuned(rotates)
        if not rotates:
            keys.add_context_length(2**20)

    def write_vocabulary(self, keys: Keys) -> None:
        """Rounded up in a hybrid, though its length above is not."""
        if self._hybrid:
            self.model.config = padded_vocabulary(self.config.without("pad_vocab_size_multiple"), 8)
        if has_spm(self.model):
            write_spm(self.model, keys)
        else:
            write_bpe(self.model, keys)


def _attention_layers(config: Config) -> list[int]:
    if types := config.get("layer_types"):
        return [layer for layer, kind in enumerate(types) if kind in _ATTENTION]
    if listed := config.get("attn_layer_indices"):
        return list(listed)
    period, offset = int(config["attn_layer_period"]), int(config["attn_layer_offset"])
    return [layer for layer in range(int(config["num_hidden_layers"])) if layer % period == offset]


FAMILIES = (GraniteHybrid,)
