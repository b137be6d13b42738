"""Mamba, Falcon Mamba and Mamba 2: no attention (conversion/mamba.py). Their config.json is read as it is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from .. import lazy
from ..config import Config, text_config
from ..exponential import exponential
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..vocab.bpe import write_bpe
from ..vocab.spm import has_spm, write_spm


def padded_vocabulary(config: Config, step: int) -> Config:
    """The vocabulary's length, rounded up."""
    step = int(config.get("pad_vocab_size_multiple", step))
    return config.with_values(vocab_size=-(-int(config["vocab_size"]) // step) * step)


def negative_exponential(tensor: Lazy) -> Lazy:
    """A = −exp(A_log)."""
    return lazy.mapped(tensor, lambda values: -exponential(values))


def mamba2_tensor(name: str, tensor: Lazy, groups: int, inner: int) -> Lazy:
    """A and D get the shape of Mamba 1's, the norm one row a group."""
    if name.endswith((".A_log", ".D")):
        tensor = lazy.reshaped(tensor, (*tensor.shape, 1))
    elif name.endswith((".mixer.norm.weight", ".mamba.norm.weight")):
        tensor = lazy.reshaped(tensor, (groups, inner // groups))
    elif "conv1d.weight" in name:
        tensor = lazy.squeezed(tensor)
    return negative_exponential(tensor) if name.endswith(".A_log") else tensor


class Mamba(Family):
    title = "Mamba, Falcon Mamba"
    proof = "reference"
    classes: ClassVar[Names] = ("MambaForCausalLM", "MambaLMHeadModel", "FalconMambaForCausalLM")
    arch = "mamba"

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Config:
        """Without transformers' defaults: its class for Mamba 2 takes every model for Codestral."""
        return text_config(raw)

    def prepare(self, config: Config) -> Config:
        return padded_vocabulary(config, 8)

    def rename(self, name: str) -> str | None:
        return None if name == self._repeated else super().rename(name)

    @cached_property
    def _repeated(self) -> str | None:
        """An output that is the embedding once more, behind it: whatever the configuration says of it."""
        found = {self.names.find(name): name for name in self.model.tensors}
        embedding, output = found.get("token_embd.weight"), found.get("output.weight")
        if embedding is None or output is None:
            return None
        order = list(self.model.tensors)
        behind = order.index(embedding) < order.index(output)
        return output if behind and self.model.alike(embedding, output) else None

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if name.endswith(".A_log"):
            tensor = negative_exponential(tensor)
        elif "conv1d.weight" in name:
            tensor = lazy.squeezed(tensor)
        yield name, tensor

    def write_parameters(self, keys: Keys) -> None:
        find = self.config.find
        width = int(self.config.need("hidden_size", "d_model"))
        inner = find("intermediate_size", "d_inner") or 2 * width
        if inner != 2 * width:
            raise ValueError(f"inner size {inner} of {width}")
        keys.add_context_length(2**20)  # llama.cpp has no limit to set
        keys.add_embedding_length(width)
        keys.add_feed_forward_length(0)
        keys.add_head_count(0)
        keys.add_block_count(self.blocks)
        keys.add_ssm_conv_kernel(find("conv_kernel", "d_conv") or 4)
        keys.add_ssm_inner_size(inner)
        keys.add_ssm_state_size(find("state_size", "d_state") or 16)
        keys.add_ssm_time_step_rank(find("time_step_rank", "dt_rank") or -(-width // 16))
        keys.add_layer_norm_rms_eps(find("layer_norm_epsilon", "rms_norm_eps") or 1e-5)
        keys.add_ssm_dt_b_c_rms(self.config.get("model_type") == "falcon_mamba")
        keys.add_file_type()

    def write_vocabulary(self, keys: Keys) -> None:
        if "tokenizer.json" not in self.model.files and has_spm(self.model):
            write_spm(self.model, keys)
        else:
            write_bpe(self.model, keys)


class Mamba2(Mamba):
    title = "Mamba 2"
    proof = "reference"
    classes: ClassVar[Names] = ("Mamba2ForCausalLM",)
    arch = "mamba2"

    def prepare(self, config: Config) -> Config:
        return padded_vocabulary(config, 16)

    @property
    def _inner(self) -> int:
        found = self.config.find("mamba_d_ssm", "intermediate_size", "d_inner")
        factor = self.config.find("mamba_expand", "expand") or 2
        return int(found or factor * self.config.need("hidden_size", "d_model", "dim"))

    def rename(self, name: str) -> str | None:
        if name.startswith(("model.backbone", "model.lm_head")):
            name = name.removeprefix("model.")
        if name.endswith(".dt_bias"):
            name = f"{name.removesuffix('.dt_bias')}.dt_proj.bias"
        return Family.rename(self, name)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        yield name, mamba2_tensor(name, tensor, self.config.get("n_groups") or 1, self._inner)

    def write_parameters(self, keys: Keys) -> None:
        find = self.config.find
        head = find("mamba_d_head", "head_dim") or 64
        keys.add_context_length(2**20)
        keys.add_embedding_length(self.config.need("hidden_size", "d_model", "dim"))
        keys.add_feed_forward_length(0)
        keys.add_head_count(0)
        keys.add_block_count(self.blocks)
        keys.add_ssm_conv_kernel(find("conv_kernel", "d_conv") or 4)
        keys.add_ssm_inner_size(self._inner)
        keys.add_ssm_state_size(find("state_size", "d_state") or 128)
        keys.add_ssm_time_step_rank(self._inner // head)
        keys.add_ssm_group_count(self.config.get("n_groups") or 1)
        keys.add_layer_norm_rms_eps(find("layer_norm_epsilon", "rms_norm_eps") or 1e-5)
        keys.add_file_type()

    def write_vocabulary(self, keys: Keys) -> None:
        if has_spm(self.model):
            write_spm(self.model, keys)
        else:
            write_bpe(self.model, keys)


FAMILIES = (Mamba, Mamba2)
