"""ByteDance's Seed-OSS (conversion/olmo.py SeedOssModel)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Family, Names


class SeedOss(Family):
    title = "Seed-OSS"
    proof = "reference"
    classes: ClassVar[Names] = ("SeedOssForCausalLM",)
    arch = "seed_oss"


FAMILIES = (SeedOss,)
