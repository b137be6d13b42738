"""NVIDIA's Nemotron-H and Nemotron Nano 2 and 3: layers of Mamba 2, attention, or a feed-forward part, each alone
(conversion/nemotron.py). A layer that predicts a further token ahead stands behind the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import gguf

from ..config import Config, read_text_config
from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..model import Model
from ..names import TensorNames
from ..vocab.bpe import write_bpe
from .granite import Granite
from .granite_hybrid import GraniteHybrid
from .mamba import mamba2_tensor, padded_vocabulary

_MAMBA = ("M", "mamba", "linear_attention")
_ATTENTION = ("*", "attention", "full_attention")
_OF_EXPERTS = ("n_routed_experts", "num_experts_per_tok", "n_group", "topk_group")
_EXPERTS, _FEED_FORWARD = ("E", "moe"), ("-", "moe", "mlp")

# The layer ahead is stored as two: its attention, and its experts.
_AHEAD = "mtp.layers."
_AHEAD_NAMES = {
    "0.enorm.weight": "enorm.weight",
    "0.hnorm.weight": "hnorm.weight",
    "0.eh_proj.weight": "eh_proj.weight",
    "1.norm.weight": "post_attention_layernorm.weight",
    "1.final_layernorm.weight": "shared_head.norm.weight",
}


class NemotronH(GraniteHybrid):
    title = "Nemotron-H, Nemotron Nano 2 and 3"
    proof = "reference"
    classes: ClassVar[Names] = ("NemotronHForCausalLM",)
    arch = "nemotron_h"
    experts: ClassVar[Names] = ("down_proj", "up_proj")
    expert_path: ClassVar[str] = "mixer.experts"

    has_layer_ahead: ClassVar[bool] = True

    def __init__(self, model: Model) -> None:
        config = model.config
        self._routed = self.is_routed(config)
        self._head_size = int(config["head_dim"] if "head_dim" in config else config["attention_head_dim"])
        kinds: Sequence[Any] = self.layer_kinds(config)
        self._trunk = len(kinds)
        ahead = int(config.get("num_nextn_predict_layers") or 0) if self._routed and self.has_layer_ahead else 0
        if ahead > 1:
            raise ValueError(f"{ahead} layers ahead")
        self._ahead = [self._trunk] * ahead
        self._mamba = [layer for layer, kind in enumerate(kinds) if kind in _MAMBA]
        feeding = _EXPERTS if self._routed else _FEED_FORWARD
        self._feeding = [layer for layer, kind in enumerate(kinds) if kind in feeding] + self._ahead
        self.arch = "nemotron_h_moe" if self._routed else "nemotron_h"
        Granite.__init__(self, model)
        self._attention = [layer for layer, kind in enumerate(kinds) if kind in _ATTENTION] + self._ahead
        self._hybrid = True
        self.names = TensorNames(self.arch, self.blocks)

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Config:
        """Also of models that see, whose text model is described inside."""
        return read_text_config(raw)

    @staticmethod
    def is_routed(config: Config) -> bool:
        """The feed-forward layers hold experts. transformers 5 gives their number also to models without any."""
        words = config.get("layers_block_type")
        return "num_experts_per_tok" in config and not (words and "mlp" in words and "moe" not in words)

    @staticmethod
    def layer_kinds(config: Config) -> Sequence[Any]:
        """A letter or a word a layer."""
        return list(config.get("hybrid_override_pattern") or config["layers_block_type"])

    def prepare(self, config: Config) -> Config:
        config = super().prepare(config)
        return config if self._routed else config.without(*_OF_EXPERTS)

    def count_blocks(self) -> int:
        return self._trunk + len(self._ahead)

    @property
    def _inner(self) -> int:
        return int(self.config.need("num_heads", "mamba_num_heads") * self.config["mamba_head_dim"])

    @property
    def expert_count(self) -> int:
        return int(self.config["n_routed_experts"])

    def expert_name(self, block: int, kind: str) -> str:
        return f"model.layers.{block}.mlp.experts.{kind}.weight"

    def rename(self, name: str) -> str | None:
        if name.startswith("mtp.") and not self._ahead:
            return None
        if name.startswith("model.layers.") and ".mixer." in name:
            name = name.replace("model.layers.", "backbone.layers.", 1)
        return super().rename(name)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if name.startswith(_AHEAD):
            block, tail = self._trunk, name.removeprefix(_AHEAD)
            special = _AHEAD_NAMES.get(tail)
            inner = tail.partition(".")[2]
            name = f"model.layers.{block}.{special}" if special else f"backbone.layers.{block}.{inner}"
        if block in self._mamba:
            yield name, mamba2_tensor(name, tensor, self._groups, self._inner)
        else:
            yield from Granite.change(self, name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_key_length(self._head_size)
        keys.add_value_length(self._head_size)
        self.write_feed_forward(keys)
        if self._ahead:
            keys.add_nextn_predict_layers(len(self._ahead))

    def write_feed_forward(self, keys: Keys) -> None:
        need = self.config.need
        length = self.config["moe_intermediate_size"] if self._routed else need("intermediate_size", "n_inner")
        keys.add_feed_forward_length([length if layer in self._feeding else 0 for layer in range(self.blocks)])
        if self._routed:
            keys.add_expert_used_count(self.config["num_experts_per_tok"])
            keys.add_expert_feed_forward_length(length)
            self.write_experts(keys)
            if (size := self.config.get("moe_latent_size")) is not None:
                keys.add_moe_latent_size(size)

    def write_experts(self, keys: Keys) -> None:
        config = self.config
        keys.add_expert_shared_feed_forward_length(config["moe_shared_expert_intermediate_size"])
        keys.add_expert_count(config["n_routed_experts"])
        keys.add_expert_shared_count(config["n_shared_experts"])
        keys.add_expert_weights_norm(config["norm_topk_prob"])
        keys.add_expert_weights_scale(config["routed_scaling_factor"])
        keys.add_expert_group_count(config["n_group"])

    def write_vocabulary(self, keys: Keys) -> None:
        self.model.config = padded_vocabulary(self.config.without("pad_vocab_size_multiple"), 8)
        write_bpe(self.model, keys)


class NemotronHPuzzle(NemotronH):
    """Each layer has its own kind, number and size of experts. Its layer ahead has a form llama.cpp does not know."""

    title = "Nemotron Puzzle"
    proof = "reference"
    classes: ClassVar[Names] = ("NemotronHPuzzleForCausalLM",)
    has_layer_ahead: ClassVar[bool] = False

    @staticmethod
    def is_routed(config: Config) -> bool:
        return True

    @staticmethod
    def layer_kinds(config: Config) -> Sequence[Any]:
        return [each["block_type"] for each in config["block_configs"]]

    def rename(self, name: str) -> str | None:
        renamed = super().rename(name)
        if renamed is not None and renamed.startswith("model."):
            return f"backbone.{renamed.removeprefix('model.')}"
        return renamed

    def write_feed_forward(self, keys: Keys) -> None:
        blocks = self.config["block_configs"]
        lengths = [each.get("moe_intermediate_size") or 0 for each in blocks]
        used = [each.get("num_experts_per_tok") or 0 for each in blocks]
        keys.add_feed_forward_length(lengths)
        keys.add_array(gguf.Keys.LLM.EXPERT_FEED_FORWARD_LENGTH.format(arch=keys.arch), lengths)
        keys.add_array(gguf.Keys.LLM.EXPERT_USED_COUNT.format(arch=keys.arch), used)
        self.write_experts(keys)
        keys.add_moe_latent_size(self.config["moe_latent_size"])


FAMILIES = (NemotronH, NemotronHPuzzle)
