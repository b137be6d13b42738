"""PaddleOCR-VL's encoder, a SigLIP for pictures of any size (conversion/ernie.py PaddleOCRVisionModel)."""

from __future__ import annotations

import math
from typing import ClassVar

import gguf

from ..config import Config
from ..family import Names
from ..keys import Keys
from ..projector import Projector, pixels

_UNUSED = ("packing_position_embedding", "vision_model.head")


class PaddleOcrVision(Projector):
    title = "PaddleOCR-VL"
    proof = "reference"
    classes: ClassVar[Names] = ("PaddleOCRVLForConditionalGeneration",)
    encoders: ClassVar[Names] = ("PaddleOCRVisionModel",)

    def prepare(self, config: Config) -> Config:
        return super().prepare(config).with_values(image_size=int(math.sqrt(pixels(self.preprocessor, "max_pixels"))))

    def rename(self, name: str) -> str | None:
        if ("vision_model" not in name and "mlp_AR" not in name) or any(part in name for part in _UNUSED):
            return None
        return super().rename(name.replace("visual.", "model."))

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_projector_type(gguf.VisionProjectorType.PADDLEOCR)
        keys.add_vision_max_pixels(pixels(self.preprocessor, "max_pixels"))
        keys.add_vision_min_pixels(pixels(self.preprocessor, "min_pixels"))
        keys.add_vision_use_gelu(True)
        keys.add_vision_attention_layernorm_eps(self.config.get("rms_norm_eps", 1e-6))


PROJECTORS = (PaddleOcrVision,)
