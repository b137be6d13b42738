"""xAI's Grok 1 and 2 (conversion/grok.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from ..family import Family, Named, Names, Rows
from ..keys import Keys
from ..lazy import Lazy
from ..model import Model
from ..vocab.bpe import write_bpe
from ..vocab.spm import has_spm, write_spm

_OF_GROK_1 = {"w1": "linear", "w2": "linear_1", "w3": "linear_v"}
_STRETCHED: Rows = (
    ("rope_scaling_factor", ("scaling_factor",)),
    ("rope_scaling_orig_ctx_len", ("original_max_position_embeddings",)),
    ("rope_scaling_yarn_ext_factor", ("extrapolation_factor",)),
    ("rope_scaling_yarn_attn_factor", ("attn_factor",)),
    ("rope_scaling_yarn_beta_fast", ("beta_fast",)),
    ("rope_scaling_yarn_beta_slow", ("beta_slow",)),
)


class Grok(Family):
    title = "Grok 1, 2"
    proof = "reference"
    classes: ClassVar[Names] = ("GrokForCausalLM", "Grok1ForCausalLM")
    arch = "grok"
    experts: ClassVar[Names] = ("linear", "linear_1", "linear_v")
    expert_path: ClassVar[str] = "moe"

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._stacks: list[tuple[int, str, Lazy]] = []

    def rename(self, name: str) -> str | None:
        """Experts by the names of Grok 1."""
        prefix, found, tail = name.partition(".block_sparse_moe.experts.")
        if found:
            number, _, rest = tail.partition(".")
            matrix, _, suffix = rest.partition(".")
            layer = prefix.removeprefix("model.layers.")
            name = f"transformer.decoder_layer.{layer}.moe.{number}.{_OF_GROK_1.get(matrix, matrix)}.{suffix}"
        return super().rename(name)

    def expert_name(self, block: int, kind: str) -> str:
        return f"transformer.decoder_layer.{block}.moe.{kind}.weight"

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """The reference writes the stacks before the next tensor that is no expert's."""
        if block is not None and f".{self.expert_path}." in name:
            self._need_whole(name, tensor)
            self._stacks.extend((block, *stack) for stack in self.stack_experts(name, tensor, block))
            return
        yield from self._collected()
        yield from super().change(name, tensor, block)

    def _need_whole(self, name: str, tensor: Lazy) -> None:
        """Grok 2 as xAI publishes it holds every expert in eight files, a part in each, under one name."""
        inner = self.config.need("moe_intermediate_size", "intermediate_size")
        if inner not in tensor.shape:
            raise ValueError(f"{name} {list(tensor.shape)} is a part of a matrix of {inner}")

    def _collected(self) -> Named:
        stacks, self._stacks = sorted(self._stacks, key=lambda stack: stack[0]), []
        yield from ((name, tensor) for _, name, tensor in stacks)

    def finish(self) -> Named:
        yield from self._collected()
        yield from super().finish()

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config = self.config
        keys.add_attn_logit_softcapping(config.get("attn_logit_softcapping", 30.0))
        keys.add_router_logit_softcapping(config.get("router_logit_softcapping", 30.0))
        if most := config.get("final_logit_softcapping"):
            keys.add_final_logit_softcapping(most)
        self.write_rows((("expert_feed_forward_length", ("moe_intermediate_size",)),), keys)
        if config.get("rope_type") in ("yarn", "original"):
            keys.add_rope_scaling_type(gguf.RopeScalingType.YARN)
            self.write_rows(_STRETCHED, keys)
        if length := config.get("attn_temperature_len"):
            keys.add_attn_temperature_length(length)
        keys.add_attn_output_scale(config.get("attn_output_multiplier", config.head_size**-0.5))
        keys.add_embedding_scale(config["embedding_multiplier_scale"])
        keys.add_logit_scale(config["output_multiplier_scale"])

    def write_vocabulary(self, keys: Keys) -> None:
        if has_spm(self.model):
            write_spm(self.model, keys)
        else:
            write_bpe(self.model, keys)


FAMILIES = (Grok,)
