"""Phi-4's encoder, a SigLIP 2 of which the layer before the last is looked at (conversion/phi.py
Phi4VisionMmprojModel)."""

from __future__ import annotations

import math
import re
from typing import ClassVar

import gguf
import numpy as np

from .. import lazy
from ..config import Config
from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..names import block_of
from ..projector import BLOCKS, EVEN, Projector

_UNUSED = (".vision_model.head.", ".vision_model.post_layernorm.")
_POSITIONS = "vision_model.embeddings.position_embedding.weight"
_STEP = re.compile(r"(?:model\.)?mm_projector\.([02])\.(?:.*\.)?(weight|bias)")
_OWN = re.compile(r"mm\.[02]\.(weight|bias)")


class Phi4Vision(Projector):
    title = "Phi-4 vision"
    proof = "reference"
    classes: ClassVar[Names] = ("Phi4ForCausalLMV",)
    colours = EVEN

    def prepare(self, config: Config) -> Config:
        """The side of a picture follows from the table of positions."""
        vision = super().prepare(config)
        self.patch = int(self.preprocessor["patch_size"])
        self.last = int(vision.need(*BLOCKS)) - 1
        places = next((each.shape[0] for name, each in self.model.tensors.items() if name.endswith(_POSITIONS)), None)
        if places is None:
            raise self.missing(_POSITIONS)
        layers = {key: self.last for key in BLOCKS if key in vision}
        return vision.with_values(image_size=math.isqrt(places) * self.patch, patch_size=self.patch, **layers)

    def rename(self, name: str) -> str | None:
        name = name.replace("model.vision_tower.vision_tower.", "vision_tower.")
        if name.startswith("vision_tower."):
            unused = any(part in name for part in _UNUSED) or block_of(name) == self.last
            return None if unused else super().rename(name)
        return super().rename(name) if _STEP.fullmatch(name) else None

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """The patch embedding is a matrix over pixels, colours last: it becomes a convolution."""
        if name.endswith("vision_model.embeddings.patch_embedding.weight"):
            width, pixels = tensor.shape
            shape = (self.patch, self.patch, pixels // self.patch**2)
            order = np.arange(math.prod(shape)).reshape(shape).transpose(2, 0, 1)
            yield name, lazy.reshaped(lazy.columns(tensor, order.reshape(-1)), (width, *order.shape))
        elif found := _STEP.fullmatch(name):
            yield f"mm.{found[1]}.{found[2]}", tensor
        else:
            yield from super().change(name, tensor, block)

    def is_own_name(self, name: str) -> bool:
        return _OWN.fullmatch(name) is not None

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_projector_type(gguf.VisionProjectorType.PHI4)
        for end in ("min", "max"):
            patches = Config({**self.whole, **self.preprocessor})[f"{end}_num_patches"]
            getattr(keys, f"add_vision_{end}_pixels")(int(patches) * self.patch**2)
        keys.add_vision_use_gelu(True)
        keys.add_vision_attention_layernorm_eps(self.config.get("layer_norm_eps", 1e-6))


PROJECTORS = (Phi4Vision,)
