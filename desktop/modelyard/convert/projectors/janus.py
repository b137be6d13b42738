"""Janus-Pro's encoder, a SigLIP (conversion/januspro.py JanusProVisionModel)."""

from __future__ import annotations

import re
from typing import ClassVar

import gguf

from ..config import Config
from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..projector import EVEN, Projector, write_activation

_PARTS = re.compile(r"(model\.)?(aligner|vision_model)\.")
_ALIGNER = re.compile(r"(?:model\.)?aligner\.(?:fc1|hidden_layers\.(\d+))\.(weight|bias)")
_OWN = re.compile(r"mm\.\d+\.(weight|bias)")


class JanusVision(Projector):
    title = "Janus-Pro"
    proof = "reference"
    classes: ClassVar[Names] = ("JanusForConditionalGeneration",)
    colours = EVEN

    def prepare(self, config: Config) -> Config:
        vision = super().prepare(config)
        if "intermediate_size" in vision:
            return vision
        return vision.with_values(intermediate_size=round(vision["hidden_size"] * vision["mlp_ratio"]))

    def rename(self, name: str) -> str | None:
        return super().rename(name) if _PARTS.match(name) else None

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if found := _ALIGNER.fullmatch(name):
            step = 0 if found[1] is None else int(found[1]) + 1
            yield f"mm.{step}.{found[2]}", tensor
        else:
            yield name, tensor

    def is_own_name(self, name: str) -> bool:
        return _OWN.fullmatch(name) is not None

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_projector_type(gguf.VisionProjectorType.JANUS_PRO)
        keys.add_vision_attention_layernorm_eps(self.config.get("layer_norm_eps", 1e-6))
        if (kind := str(self.config.get("hidden_act", "")).lower()) in ("gelu", "silu"):
            write_activation(kind, keys)


PROJECTORS = (JanusVision,)
