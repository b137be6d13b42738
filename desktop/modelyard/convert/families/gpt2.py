"""GPT-2, whose linear layers are stored transposed, and ruGPT-3 XL (conversion/gpt2.py)."""

from __future__ import annotations

from typing import ClassVar

from .. import lazy
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..model import Model


class Gpt2(Family):
    title = "GPT-2"
    proof = "golden"
    classes: ClassVar[Names] = ("GPT2LMHeadModel",)
    arch = "gpt2"
    skipped: ClassVar[Names] = (".attn.bias",)  # causal masks in older files

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight")):
            tensor = lazy.transposed(tensor)
        yield name, tensor

    def write_parameters(self, keys: Keys) -> None:
        keys.add_block_count(self.blocks)
        keys.add_context_length(self.config.need("n_ctx", "n_positions"))
        keys.add_embedding_length(self.config["n_embd"])
        keys.add_feed_forward_length(4 * self.config["n_embd"])
        keys.add_head_count(self.config["n_head"])
        keys.add_layer_norm_eps(self.config["layer_norm_epsilon"])
        keys.add_file_type()


class RuGpt3(Family):
    """Stored as a Llama would be: queries, keys and values apart."""

    title = "ruGPT-3 XL"
    proof = "reference"
    classes: ClassVar[Names] = ("RuGPT3XLForCausalLM",)
    arch = "gpt2"

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._parts: dict[str, dict[str, Lazy]] = {}

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        _, found, tail = name.partition(".self_attn.")
        part, _, suffix = tail.partition("_proj.")
        if not found or part not in ("q", "k", "v"):
            yield name, tensor
            return
        joined = f"blk.{block}.attn_qkv.{suffix}"
        parts = self._parts.setdefault(joined, {})
        parts[part] = tensor
        if len(parts) == len("qkv"):
            del self._parts[joined]
            yield joined, lazy.concatenated([parts[each] for each in "qkv"])

    def finish(self) -> Named:
        """Raises TENSOR_MISSING for a layer without all three."""
        for name in self._parts:
            raise self.missing(name)
        yield from super().finish()


FAMILIES = (Gpt2, RuGpt3)
