"""Maincode's Maincoder (conversion/maincoder.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Family, Names, Rows


class Maincoder(Family):
    title = "Maincoder"
    proof = "reference"
    classes: ClassVar[Names] = ("MaincoderForCausalLM",)
    arch = "maincoder"
    extra: ClassVar[Rows] = (("rope_dimension_count", ("head_dim",)),)


FAMILIES = (Maincoder,)
