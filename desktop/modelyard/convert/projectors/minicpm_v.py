"""MiniCPM-V 4.6's encoder: SigLIP with a merger in its midst (conversion/minicpm.py MiniCPMV4_6VisionModel)."""

from __future__ import annotations

from typing import ClassVar

from ..config import Config
from ..family import Names
from ..keys import Keys
from ..projector import EVEN, Projector

_MERGED = {"4x": 2, "16x": 4}  # patches on each side that become one place


class MiniCpmVision(Projector):
    title = "MiniCPM-V 4.6"
    proof = "reference"
    classes: ClassVar[Names] = ("MiniCPMV4_6ForConditionalGeneration",)
    colours = EVEN

    def prepare(self, config: Config) -> Config:
        """Its own size is of the table of positions; llama.cpp wants that of a slice of a picture."""
        mode = self.preprocessor.get("downsample_mode", "16x")
        if mode not in _MERGED:
            raise ValueError(f"downsample_mode {mode}")
        self.merged = _MERGED[mode]
        vision = super().prepare(config)
        side = self.preprocessor.get("scale_resolution")
        return vision if side is None else vision.with_values(image_size=int(side))

    def rename(self, name: str) -> str | None:
        if name.startswith(("lm_head.", "mtp")) or (self.merged == _MERGED["4x"] and ".vit_merger." in name):
            return None
        return super().rename(name)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_projector_type("minicpmv4_6")
        keys.add_vision_projector_scale_factor(self.merged)
        layer = self.whole.get("insert_layer_id", self.config.get("insert_layer_id", 6))
        keys.add_vision_wa_layer_indexes([int(layer)])
        keys.add_vision_use_gelu(True)
        keys.add_vision_attention_layernorm_eps(self.config.get("layer_norm_eps", 1e-6))


PROJECTORS = (MiniCpmVision,)
