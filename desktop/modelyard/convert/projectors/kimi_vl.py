"""Kimi-VL's encoder, MoonViT, and Kimi K2.5's, which knows time too (conversion/kimivl.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf
import numpy as np
from numpy.typing import NDArray

from .. import lazy
from ..config import Config
from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..projector import EVEN, Projector

_FEWEST_PATCHES = 8


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


class KimiK25Vision(Projector):
    title = "Kimi K2.5"
    proof = "reference"
    classes: ClassVar[Names] = ("KimiK25ForConditionalGeneration",)
    colours = EVEN

    def prepare(self, config: Config) -> Config:
        """It takes pictures of any size; llama.cpp wants one."""
        vision = super().prepare(config)
        self.patch = int(vision.get("patch_size", 14))
        return vision.with_values(image_size=vision.get("init_pos_emb_height", 64) * self.patch)

    def rename(self, name: str) -> str | None:
        if "vision_tower" not in name and "mm_projector" not in name:
            return None
        for number, known in (("0", "1"), ("2", "2")):
            name = name.replace(f"mm_projector.proj.{number}.", f"mm_projector.proj.linear_{known}.")
        return super().rename(name)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """Queries and keys go from the two positions side by side to one after the other."""
        if "wqkv" in name:
            tensor = lazy.gathered(tensor, self._rotary_order(tensor.shape[0]))
        yield from super().change(name, tensor, block)

    def _rotary_order(self, rows: int) -> NDArray[np.int64]:
        third = rows // 3
        heads = int(self.config.get("num_attention_heads", 16))
        order = np.arange(third).reshape(heads, third // heads // 4, 2, 2).transpose(0, 2, 1, 3).reshape(-1)
        return np.concatenate([order, third + order, np.arange(2 * third, rows)])

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config, pixels = self.config, self.patch**2
        keys.add_clip_projector_type(gguf.VisionProjectorType.KIMIK25)
        for part, usual in (("height", 64), ("width", 64), ("time", 4)):
            keys.add_uint32(f"vision.pos_emb_{part}", config.get(f"init_pos_emb_{part}", usual))
        keys.add_vision_use_gelu(config.get("projector_hidden_act", "gelu") == "gelu")
        keys.add_vision_attention_layernorm_eps(config.get("projector_ln_eps", 1e-5))
        keys.add_vision_projector_scale_factor(config.get("merge_kernel_size", [2, 2])[0])
        keys.add_vision_min_pixels(_FEWEST_PATCHES * pixels)
        keys.add_vision_max_pixels(self.preprocessor.get("in_patch_limit", 16384) * pixels)


PROJECTORS = (KimiVision, KimiK25Vision)
