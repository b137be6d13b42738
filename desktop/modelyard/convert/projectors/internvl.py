"""InternVL's encoder, in its makers' form and in transformers' (conversion/internvl.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from ...formats.ggml_types import GgmlType
from .. import lazy
from ..config import Config
from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..projector import Projector, write_activation

_PARTS = ("vision_model", "mlp", "model.vision_tower", "model.multi_modal_projector")
_OLDER = ("vision_tower.", "multi_modal_projector.")  # of transformers before 4.52
_MAKERS = {
    "model.multi_modal_projector.layer_norm.": "mlp1.0.",
    "model.multi_modal_projector.linear_1.": "mlp1.1.",
    "model.multi_modal_projector.linear_2.": "mlp1.3.",
}


class InternVision(Projector):
    title = "InternVL 2.5, 3, 3.5"
    proof = "reference"
    classes: ClassVar[Names] = ("InternVLChatModel", "InternVLForConditionalGeneration")
    text_inside: ClassVar[bool] = True
    encoders: ClassVar[Names] = ("InternVisionModel",)

    def prepare(self, config: Config) -> Config:
        """transformers gives both sides of pictures and patches."""
        vision = super().prepare(config)
        sides = {key: vision[key] for key in ("image_size", "patch_size")}
        return vision.with_values(**{key: side[0] if isinstance(side, list) else side for key, side in sides.items()})

    def rename(self, name: str) -> str | None:
        name = f"model.{name}" if name.startswith(_OLDER) else name
        if not name.startswith(_PARTS):
            return None
        for theirs, makers in _MAKERS.items():
            name = name.replace(theirs, makers)
        if name.startswith("vision_model"):
            name = f"vision_tower.{name}"
        bare = any(part in name for part in (".ls", ".lambda_", "position_embedding"))
        return super().rename(f"{name}.weight" if bare and not name.endswith(".weight") else name)

    def fixed_type(self, source: str, name: str, tensor: Lazy) -> GgmlType | None:
        return GgmlType.F32 if ".position_embd." in name else super().fixed_type(source, name, tensor)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """q, k and v may lie together."""
        if ".qkv." not in name:
            yield from super().change(name, tensor, block)
            return
        parts = lazy.split(tensor, [tensor.shape[0] // 3] * 3)
        for letter, part in zip("qkv", parts, strict=True):
            yield name.replace("attn.qkv", f"self_attn.{letter}_proj"), part

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_projector_type(gguf.VisionProjectorType.INTERNVL)
        keys.add_vision_attention_layernorm_eps(self.config["layer_norm_eps"])
        write_activation(self.config["hidden_act"], keys)
        keys.add_vision_projector_scale_factor(int(1.0 / self.whole["downsample_ratio"]))
        for method, key in (("min", "min_dynamic_patch"), ("max", "max_dynamic_patch")):
            if (tiles := self.whole.get(key, 0)) > 0:
                getattr(keys, f"add_vision_preproc_{method}_tiles")(tiles)


PROJECTORS = (InternVision,)
