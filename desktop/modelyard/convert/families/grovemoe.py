"""inclusionAI's GroveMoE: pairs of experts share a smaller one (conversion/grovemoe.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Family, Named, Names, Rows
from ..keys import Keys
from ..lazy import Lazy

_SHARED, _SHARING, _SHARE = "mlp.chunk_experts", 2, 0.05  # the last two are constants of the makers' program


class GroveMoe(Family):
    title = "GroveMoE"
    proof = "reference"
    classes: ClassVar[Names] = ("GroveMoeForCausalLM", "modeling_grove_moe.GroveMoeForCausalLM")
    arch = "grovemoe"
    skipped: ClassVar[Names] = (".expert_bias",)
    extra: ClassVar[Rows] = (("expert_feed_forward_length", ("moe_intermediate_size",)),)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if block is None or f".{_SHARED}." not in name:
            yield from super().change(name, tensor, block)
            return
        count = self.expert_count // _SHARING
        for target, stack in self.stack_experts(name, tensor, block, path=_SHARED, count=count):
            yield target.replace(self.expert_path, _SHARED), stack

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_expert_chunk_feed_forward_length(self.config.get("head_dim") or 128)
        keys.add_experts_per_group(_SHARING)
        keys.add_expert_group_scale(_SHARE)


FAMILIES = (GroveMoe,)
