"""HunyuanOCR's and Hunyuan-VL's encoder (conversion/hunyuan.py HunyuanVLVisionModel)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from ...formats.ggml_types import GgmlType
from .. import lazy
from ..config import Config
from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..projector import CLIP, Projector, write_pixels


class HunyuanVision(Projector):
    title = "HunyuanOCR, Hunyuan-VL"
    proof = "reference"
    classes: ClassVar[Names] = ("HunYuanVLForConditionalGeneration",)
    colours = CLIP

    def prepare(self, config: Config) -> Config:
        vision = super().prepare(config)
        return vision.with_values(image_size=vision.get("image_size", vision.get("max_image_size", 2048)))

    def rename(self, name: str) -> str | None:
        return super().rename(name) if name.startswith("vit.") else None

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """The first position is of a token that stands for the whole picture."""
        if "position_embedding" in name:
            tensor = lazy.sliced(tensor, 1, tensor.shape[0])
        yield from super().change(name, tensor, block)

    def fixed_type(self, source: str, name: str, tensor: Lazy) -> GgmlType | None:
        if name in ("mm.0.weight", "mm.2.weight"):  # convolutions
            return self.patch_type()
        return super().fixed_type(source, name, tensor)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_projector_type(gguf.VisionProjectorType.HUNYUANVL)
        keys.add_vision_use_gelu(True)
        keys.add_vision_attention_layernorm_eps(self.config.get("rms_norm_eps", 1e-5))
        keys.add_vision_spatial_merge_size(self.config.get("spatial_merge_size", 2))
        write_pixels(self.preprocessor, keys)


PROJECTORS = (HunyuanVision,)
