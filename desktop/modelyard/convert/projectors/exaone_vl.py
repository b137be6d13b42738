"""EXAONE 4.5's encoder: Qwen2-VL's with fewer heads for keys (conversion/exaone.py Exaone4_5VisionModel)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..projector import Projector, write_pixels
from .qwen_vl import Qwen2Vision


class ExaoneVision(Qwen2Vision):
    title = "EXAONE 4.5"
    classes: ClassVar[Names] = ("Exaone4_5_ForConditionalGeneration",)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if ".qkv." in name:
            yield name, tensor
        else:
            yield from super().change(name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        Projector.write_parameters(self, keys)
        keys.add_clip_projector_type("exaone4_5")
        keys.add_vision_use_silu(True)
        write_pixels(self.preprocessor, keys)
        if (heads := self.config.get("num_key_value_heads")) is not None:
            keys.add_vision_head_count_kv(heads)
        eps = self.config.get("rms_norm_eps", self.whole.get("rms_norm_eps", 1e-6))
        keys.add_vision_attention_layernorm_eps(eps)
        if (window := self.config.get("window_size")) is not None:
            keys.add_vision_window_size(window)
        if self.config.get("fullatt_block_indexes"):
            keys.add_vision_n_wa_pattern(self.window_pattern())


PROJECTORS = (ExaoneVision,)
