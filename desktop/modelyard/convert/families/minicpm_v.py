"""MiniCPM-V 4.6, a Qwen 3.5 that sees (conversion/minicpm.py MiniCPMV4_6TextModel)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Names
from .qwen_next import Qwen35


class MiniCpmV(Qwen35):
    """The text model; its encoder is in projectors/minicpm_v.py."""

    title = "MiniCPM-V 4.6"
    classes: ClassVar[Names] = ("MiniCPMV4_6ForConditionalGeneration",)
    text_only: ClassVar[Names] = ()

    def rename(self, name: str) -> str | None:
        return None if name.startswith(("model.merger.", "mtp")) else super().rename(name)


FAMILIES = (MiniCpmV,)
