"""JetBrains' Mellum 2, for code (conversion/mellum.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Family, Names, Rows, swa_pattern
from ..keys import Keys


class Mellum(Family):
    title = "Mellum 2"
    proof = "reference"
    classes: ClassVar[Names] = ("MellumForCausalLM",)
    arch = "mellum"
    extra: ClassVar[Rows] = (("expert_feed_forward_length", ("moe_intermediate_size",)),)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        window = self.config.get("sliding_window")
        if self.config.get("use_sliding_window") in (True, None) and window is not None:
            keys.add_sliding_window(window)
            keys.add_sliding_window_pattern(swa_pattern(self.config))


FAMILIES = (Mellum,)
