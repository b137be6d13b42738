"""Llama 4's encoder (conversion/llama4.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..projector import EVEN, Projector


class Llama4Vision(Projector):
    title = "Llama 4"
    proof = "reference"
    classes: ClassVar[Names] = ("Llama4ForConditionalGeneration",)
    colours = EVEN
    own_names: ClassVar[Names] = ("mm.model.fc.weight",)

    def rename(self, name: str) -> str | None:
        if "multi_modal_projector" not in name and "vision_model" not in name:
            return None
        bare = "positional_embedding_vlm" in name and ".weight" not in name
        return super().rename(f"{name}.weight" if bare else name)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        yield self.own_names[0] if "multi_modal_projector.linear_1" in name else name, tensor

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_projector_type(gguf.VisionProjectorType.LLAMA4)
        keys.add_vision_attention_layernorm_eps(self.config["norm_eps"])
        keys.add_vision_projector_scale_factor(int(1.0 / self.config["pixel_shuffle_ratio"]))
        if self.config["hidden_act"] != "gelu":
            raise ValueError(f"hidden_act {self.config['hidden_act']}")
        keys.add_vision_use_gelu(True)


PROJECTORS = (Llama4Vision,)
