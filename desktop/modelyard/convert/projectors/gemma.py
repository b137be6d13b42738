"""Gemma 3's encoder, SigLIP (conversion/gemma.py)."""

from __future__ import annotations

from typing import ClassVar

from ...formats.ggml_types import GgmlType
from ..family import Names
from ..keys import Keys
from ..lazy import Lazy
from ..projector import EVEN, Projector, below_older_tower

_PARTS = ("multi_modal_projector.", "vision_tower.", "multimodal_projector.", "vision_model.")


class Gemma3Vision(Projector):
    title = "Gemma 3"
    proof = "golden"
    classes: ClassVar[Names] = ("Gemma3ForConditionalGeneration",)
    colours = EVEN
    plus_one: ClassVar[Names] = ("soft_emb_norm.weight",)

    def rename(self, name: str) -> str | None:
        name = name.removeprefix("model.")
        if "vision_model.head." in name or not name.startswith(_PARTS):
            return None
        return super().rename(below_older_tower(name).replace("_weight", ".weight"))

    def fixed_type(self, source: str, name: str, tensor: Lazy) -> GgmlType | None:
        if "input_projection" in source:
            return GgmlType.F16
        return GgmlType.F32 if ".embeddings." in source else super().fixed_type(source, name, tensor)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_projector_type("gemma3")
        keys.add_vision_attention_layernorm_eps(self.config.get("layer_norm_eps", 1e-6))
        keys.add_vision_use_gelu(True)
        self.write_reduction(keys)


PROJECTORS = (Gemma3Vision,)
