"""Nanbeige 4: a Llama whose layers are gone through several times (conversion/nanbeige.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Names
from ..keys import Keys
from .llama import Llama


class Nanbeige(Llama):
    title = "Nanbeige 4"
    proof = "reference"
    classes: ClassVar[Names] = ("NanbeigeForCausalLM",)
    text_only: ClassVar[Names] = ()
    arch = "nanbeige"

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_uint32(f"{self.arch}.num_loops", max(1, int(self.config.get("num_loops") or 1)))
        keys.add_bool(f"{self.arch}.skip_loop_final_norm", bool(self.config.get("skip_loop_final_norm", False)))


FAMILIES = (Nanbeige,)
