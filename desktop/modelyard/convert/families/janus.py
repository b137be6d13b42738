"""Janus-Pro in transformers' form, a Llama that sees (conversion/januspro.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Names
from .llama import Llama

_OTHER = (
    "model.vision_model.",
    "model.aligner.",
    "model.vqmodel.",
    "model.generation_embeddings.",
    "model.generation_aligner.",
    "model.generation_head.",
)


class Janus(Llama):
    """The text model; its encoder is in projectors/janus.py. Pictures are not made."""

    title = "Janus-Pro"
    proof = "reference"
    classes: ClassVar[Names] = ("JanusForConditionalGeneration",)
    text_only: ClassVar[Names] = ()

    def rename(self, name: str) -> str | None:
        return None if name.startswith(_OTHER) else super().rename(name)


FAMILIES = (Janus,)
