"""Granite with sliding windows, dense and with experts (conversion/granite.py GraniteSWAModel, GraniteMoeSWAModel)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from .granite import Granite

_WINDOW = 128  # where the configuration names none


class GraniteSwa(Granite):
    title = "Granite with sliding windows"
    proof = "reference"
    classes: ClassVar[Names] = ("GraniteSWAForCausalLM",)
    arch = "granite_swa"

    def rename(self, name: str) -> str | None:
        return super().rename(f"{name}.weight" if name.endswith("sinks") else name)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        kinds = self.config.get("layer_types")
        if kinds:
            slides = [kind == "sliding_attention" for kind in kinds]
        else:
            slides = [layer % 4 != 0 for layer in range(self.blocks)]
        keys.add_sliding_window(self.config.get("sliding_window", _WINDOW))
        keys.add_sliding_window_pattern(slides)
        if rotates := self.config.get("no_rope_layers"):  # 1 where it does
            keys.add_array(f"{keys.arch}.attention.rope_pattern", [bool(each) for each in rotates])


_FUSED = {
    "block_sparse_moe.experts.gate_up_proj": "ffn_gate_up_exps",
    "block_sparse_moe.experts.down_proj": "ffn_down_exps",
    "block_sparse_moe.input_linear.weight": "ffn_gate_up_exps",
    "shared_mlp.input_linear.weight": "ffn_up_shexp",
    "shared_mlp.output_linear.weight": "ffn_down_shexp",
}


class GraniteMoeSwa(GraniteSwa):
    """The gate and up matrices of experts stay one tensor, also of the shared one."""

    title = "Granite MoE with sliding windows"
    proof = "reference"
    classes: ClassVar[Names] = ("GraniteMoeSWAForCausalLM",)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        target = next((target for ending, target in _FUSED.items() if name.endswith(ending)), None)
        if target is not None:
            yield f"blk.{block}.{target}.weight", tensor
        else:
            yield from super().change(name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        if shared := self.config.get("shared_intermediate_size"):
            keys.add_expert_shared_feed_forward_length(shared)


FAMILIES = (GraniteSwa, GraniteMoeSwa)
