"""Idefics 3 and SmolVLM (conversion/smolvlm.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from ...formats.ggml_types import GgmlType
from ..config import Config
from ..family import Names
from ..keys import Keys
from ..lazy import Lazy
from ..projector import EVEN, Projector

_PARTS = ("vision_tower", "vision_model", "model.connector")
_SMOL = {"hidden_size": 1152, "num_attention_heads": 16, "intermediate_size": 3072}  # what SmolVLM 2 leaves out


class Idefics3Vision(Projector):
    title = "SmolVLM, Idefics 3"
    proof = "reference"
    classes: ClassVar[Names] = ("Idefics3ForConditionalGeneration", "SmolVLMForConditionalGeneration")
    text_inside: ClassVar[bool] = True
    colours = EVEN

    def prepare(self, config: Config) -> Config:
        vision = super().prepare(config)
        return Config({**_SMOL, **vision}) if vision["model_type"] == "smolvlm_vision" else vision

    def rename(self, name: str) -> str | None:
        return super().rename(name) if any(part in name for part in _PARTS) else None

    def fixed_type(self, source: str, name: str, tensor: Lazy) -> GgmlType | None:
        return GgmlType.F32 if ".embeddings." in source else super().fixed_type(source, name, tensor)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_projector_type(gguf.VisionProjectorType.IDEFICS3)
        keys.add_vision_attention_layernorm_eps(self.config.get("layer_norm_eps", 1e-5))
        keys.add_vision_projector_scale_factor(self.whole.get("scale_factor", 2))
        keys.add_vision_use_gelu(True)
        size = self.preprocessor.get("size", {})
        keys.add_vision_preproc_image_size(size.get("longest_edge", self.config["image_size"]))


PROJECTORS = (Idefics3Vision,)
