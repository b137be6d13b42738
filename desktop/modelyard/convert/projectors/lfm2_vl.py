"""Liquid's LFM2-VL: SigLIP 2 (conversion/lfm2.py LFM2VLModel)."""

from __future__ import annotations

from typing import ClassVar

import gguf
import numpy as np

from .. import lazy
from ..config import Config
from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..projector import EVEN, Projector, below_older_tower

_PATCH, _CHANNELS = 16, 3


class Lfm2Vision(Projector):
    title = "LFM2-VL"
    proof = "reference"
    classes: ClassVar[Names] = ("Lfm2VlForConditionalGeneration",)
    text_inside: ClassVar[bool] = True
    colours = EVEN

    def prepare(self, config: Config) -> Config:
        """It takes pictures of any size; llama.cpp wants one."""
        return super().prepare(config).with_values(image_size=256)

    def rename(self, name: str) -> str | None:
        for part in ("vision_tower.", "multi_modal_projector."):
            name = name.replace(f"model.{part}", part)
        return super().rename(below_older_tower(name))

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """The patch embedding is a matrix over pixels, colours last: it becomes a convolution."""
        if "patch_embedding.weight" in name:
            order = np.arange(_PATCH * _PATCH * _CHANNELS).reshape(_PATCH, _PATCH, _CHANNELS).transpose(2, 0, 1)
            shape = (tensor.shape[0], _CHANNELS, _PATCH, _PATCH)
            tensor = lazy.reshaped(lazy.columns(tensor, order.reshape(-1)), shape)
        yield from super().change(name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_projector_type(gguf.VisionProjectorType.LFM2)
        keys.add_vision_attention_layernorm_eps(self.config["layer_norm_eps"])
        keys.add_vision_projector_scale_factor(self.whole.get("downsample_factor", 2))
        keys.add_vision_use_gelu(True)
        unused = -(self.whole.get("vision_feature_layer", -1) + 1)  # the last layers, where one before is looked at
        keys.add_vision_block_count(self.blocks - unused)


PROJECTORS = (Lfm2Vision,)
