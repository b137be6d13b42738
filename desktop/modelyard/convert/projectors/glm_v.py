"""GLM-4.1V, 4.5V and GLM-OCR (conversion/qwen3vl.py Glm4VVisionModel)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..projector import CLIP, Projector, write_activation
from .qwen_vl import Qwen3Vision


class GlmVision(Qwen3Vision):
    title = "GLM-4.1V, 4.5V, GLM-OCR"
    classes: ClassVar[Names] = (
        "Glm4vForConditionalGeneration",
        "Glm4vMoeForConditionalGeneration",
        "GlmOcrForConditionalGeneration",
    )

    colours = CLIP

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if name.startswith("visual.merger."):
            yield name, tensor
        else:
            yield from super().change(name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        Projector.write_parameters(self, keys)
        keys.add_clip_projector_type(gguf.VisionProjectorType.GLM4V)
        if (kind := str(self.config.get("hidden_act", "")).lower()) in ("gelu", "silu"):
            write_activation(kind, keys)
        keys.add_vision_attention_layernorm_eps(self.config.get("rms_norm_eps", 1e-5))


PROJECTORS = (GlmVision,)
