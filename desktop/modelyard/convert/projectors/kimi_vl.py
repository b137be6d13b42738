"""Kimi-VL's encoder, MoonViT (conversion/kimivl.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from .. import lazy
from ..config import Config
from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..projector import Projector


class KimiVision(Projector):
    title = "Kimi-VL"
    proof = "reference"
    classes: ClassVar[Names] = ("KimiVLForConditionalGeneration",)

    def prepare(self, config: Config) -> Config:
        """It takes pictures of any size; llama.cpp wants one."""
        return super().prepare(config).with_values(image_size=64 * 14)

    def rename(self, name: str) -> str | None:
        return super().rename(name) if "vision_tower" in name or "multi_modal_projector" in name else None

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """q, k and v lie together; positions are a table of two dimensions."""
        if "pos_emb.weight" in name:
            yield name, lazy.reshaped(tensor, (tensor.shape[0] * tensor.shape[1], tensor.shape[2]))
        elif "wqkv" in name:
            parts = lazy.split(tensor, [tensor.shape[0] // 3] * 3)
            for letter, part in zip("qkv", parts, strict=True):
                yield name.replace("wqkv", f"w{letter}"), part
        else:
            yield from super().change(name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_projector_type(gguf.VisionProjectorType.KIMIVL)
        keys.add_vision_use_gelu(True)
        keys.add_vision_projector_scale_factor(2)
        keys.add_vision_attention_layernorm_eps(self.config.get("layer_norm_eps", 1e-5))


PROJECTORS = (KimiVision,)
