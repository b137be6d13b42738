"""dots.ocr's encoder (conversion/dotsocr.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from ..config import Config
from ..family import Names
from ..keys import Keys
from ..projector import CLIP, Projector, write_pixels

_MLP = {".fc1": ".gate_proj", ".fc2": ".down_proj", ".fc3": ".up_proj"}


class DotsOcrVision(Projector):
    title = "dots.ocr"
    proof = "reference"
    classes: ClassVar[Names] = ("DotsOCRForCausalLM",)
    colours = CLIP

    def prepare(self, config: Config) -> Config:
        """It takes pictures of any size."""
        return super().prepare(config).with_values(image_size=0)

    def rename(self, name: str) -> str | None:
        """Its feed-forward parts by Qwen 2.5-VL's names: its own would be taken for others."""
        if not name.startswith("vision_tower."):
            return None
        if name.startswith("vision_tower.blocks.") and ".mlp." in name:
            name = name.replace("vision_tower.blocks.", "visual.blocks.")
            for theirs, known in _MLP.items():
                name = name.replace(theirs, known)
        return super().rename(name)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_projector_type(gguf.VisionProjectorType.DOTSOCR)
        write_pixels(self.preprocessor, keys)
        keys.add_vision_attention_layernorm_eps(self.config["rms_norm_eps"])
        keys.add_vision_projector_scale_factor(self.config["spatial_merge_size"])
        keys.add_vision_use_silu(True)


PROJECTORS = (DotsOcrVision,)
