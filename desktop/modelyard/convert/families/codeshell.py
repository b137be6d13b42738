"""Models for programming from the time of StarCoder: CodeShell and Refact (conversion/codeshell.py,
conversion/refact.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from .. import lazy
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..vocab.bpe import write_bpe
from ..vocab.special import SpecialTokens

_FILL = {"prefix": 1, "suffix": 3, "middle": 2}


class CodeShell(Family):
    title = "CodeShell"
    proof = "reference"
    classes: ClassVar[Names] = ("CodeShellForCausalLM",)
    arch = "codeshell"

    def write_parameters(self, keys: Keys) -> None:
        config = self.config
        keys.add_context_length(config["n_positions"])
        keys.add_embedding_length(config["n_embd"])
        keys.add_feed_forward_length(4 * config["n_embd"])
        keys.add_block_count(self.blocks)
        keys.add_head_count(config["n_head"])
        keys.add_head_count_kv(config["num_query_groups"])
        keys.add_layer_norm_eps(config["layer_norm_epsilon"])
        keys.add_file_type()
        keys.add_rope_freq_base(10000.0)
        keys.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        keys.add_rope_scaling_factor(1.0)


class Refact(Family):
    """All queries share one head of keys and values."""

    title = "Refact"
    proof = "reference"
    classes: ClassVar[Names] = ("GPTRefactForCausalLM",)
    arch = "refact"

    @property
    def _inner(self) -> int:
        """Two thirds of four times the width, rounded up to 256."""
        return 256 * -(-int(2 * 4 * self.config["n_embd"] / 3) // 256)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        prefix, target = f"transformer.h.{block}.", f"blk.{block}."
        if name == f"{prefix}attn.kv.weight":
            size = self.config["n_embd"] // self.config["n_head"]
            yield f"{target}attn_k.weight", lazy.sliced(tensor, 0, size)
            yield f"{target}attn_v.weight", lazy.sliced(tensor, size, tensor.shape[0])
        elif name == f"{prefix}attn.q.weight":
            yield f"{target}attn_q.weight", tensor
        elif name == f"{prefix}mlp.gate_up_proj.weight":
            yield f"{target}ffn_gate.weight", lazy.sliced(tensor, 0, self._inner)
            yield f"{target}ffn_up.weight", lazy.sliced(tensor, self._inner, tensor.shape[0])
        else:
            yield name, tensor

    def write_parameters(self, keys: Keys) -> None:
        config = self.config
        keys.add_context_length(config["n_positions"])
        keys.add_embedding_length(config["n_embd"])
        keys.add_feed_forward_length(self._inner)
        keys.add_block_count(self.blocks)
        keys.add_head_count(config["n_head"])
        keys.add_head_count_kv(1)
        keys.add_layer_norm_rms_eps(config["layer_norm_epsilon"])
        keys.add_file_type()

    def write_vocabulary(self, keys: Keys) -> None:
        write_bpe(self.model, keys)
        special = SpecialTokens(self.model, types=("prefix", "suffix", "middle", "eot"))
        for kind, number in _FILL.items():
            special.set(kind, number)
        special.chat_template = None  # there already
        special.write(keys)


FAMILIES = (CodeShell, Refact)
