"""Youtu-VL's encoder, a SigLIP 2 with windows (conversion/youtuvl.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from ..config import Config
from ..family import Names
from ..keys import Keys
from ..projector import EVEN, Projector, write_activation

_TEXT = ("lm_head.", "model.layers.", "model.embed_tokens.", "model.norm.")


class YoutuVision(Projector):
    title = "Youtu-VL"
    proof = "reference"
    classes: ClassVar[Names] = ("YoutuVLForConditionalGeneration",)
    colours = EVEN

    def prepare(self, config: Config) -> Config:
        vision = super().prepare(config)
        return vision.with_values(image_size=vision.get("image_size", 560))

    def rename(self, name: str) -> str | None:
        """What llama.cpp has no name for is left out."""
        renamed = None if name.startswith(_TEXT) else super().rename(name)
        return renamed if renamed is not None and self.names.find(renamed) is not None else None

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_projector_type(gguf.VisionProjectorType.YOUTUVL)
        keys.add_vision_attention_layernorm_eps(self.config.get("layer_norm_eps", 1e-6))
        kind = str(self.config.get("hidden_act", "gelu")).lower()
        write_activation("gelu" if kind.startswith("gelu") else kind, keys)
        keys.add_vision_spatial_merge_size(self.config.get("spatial_merge_size", 2))
        if (window := self.config.get("window_size")) is not None:
            keys.add_vision_window_size(window)
        keys.add_vision_wa_layer_indexes(self.config["fullatt_block_indexes"])


PROJECTORS = (YoutuVision,)
