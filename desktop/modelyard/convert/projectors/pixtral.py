"""Pixtral's encoder, also in Mistral Small 3 and Ministral 3, and in LightOnOCR (conversion/llava.py,
conversion/lighton_ocr.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import gguf

from ...errors import Code, ModelyardError
from .. import lazy
from ..config import Config
from ..family import Named, Names, Permuted
from ..keys import Keys
from ..lazy import Lazy
from ..projector import CLIP, Projector, write_activation

_PARTS = ("multi_modal_projector.", "vision_tower.", "vision_encoder.", "patch_merger.", "pre_mm_projector_norm")
_BREAK = "[IMG_BREAK]"


class PixtralVision(Projector):
    """The text model's embedding of the token between two rows of a picture goes along."""

    title = "Mistral Small 3, Ministral 3"
    proof = "reference"
    classes: ClassVar[Names] = ("Mistral3ForConditionalGeneration",)
    colours = CLIP
    permuted: ClassVar[Permuted] = (("q_proj", "heads"), ("k_proj", "heads"))
    own_names: ClassVar[Names] = ("v.token_embd.img_break",)
    kind: ClassVar[str] = gguf.VisionProjectorType.PIXTRAL

    def prepare(self, config: Config) -> Config:
        vision = super().prepare(config)
        return Config({"layer_norm_eps": 1e-5, **vision})  # it stands in transformers' code only

    def rename(self, name: str) -> str | None:
        if name.endswith("embed_tokens.weight"):
            return name if self._break_token() > 0 else None
        name = name.removeprefix("model.")
        return super().rename(name) if name.startswith(_PARTS) else None

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if name.endswith("embed_tokens.weight"):
            row = self._break_token()
            yield self.own_names[0], lazy.reshaped(lazy.sliced(tensor, row, row + 1), tensor.shape[1:])
        else:
            yield from super().change(name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_projector_type(self.kind)
        keys.add_vision_attention_layernorm_eps(self.config["layer_norm_eps"])
        write_activation(self.config["hidden_act"], keys)
        if "spatial_merge_size" in self.whole:
            keys.add_vision_spatial_merge_size(self.whole["spatial_merge_size"])

    def _break_token(self) -> int:
        """Raises TOKENIZER_INVALID."""
        settings = self.model.json("tokenizer_config.json") or {}
        for number, token in (settings.get("added_tokens_decoder") or {}).items():
            if token.get("content") == _BREAK:
                return int(number)
        for token in (self.model.json("tokenizer.json") or {}).get("added_tokens", ()):
            if token["content"] == _BREAK:
                return int(token["id"])
        raise ModelyardError(Code.TOKENIZER_INVALID, name="tokenizer.json", detail=_BREAK)


class LlavaVision(PixtralVision):
    """Its own class name, shared with LLaVA, whose encoders (CLIP, SigLIP) llama.cpp's converter does not know."""

    title = "Pixtral"
    classes: ClassVar[Names] = ("LlavaForConditionalGeneration",)
    only: ClassVar[str] = "Pixtral"

    @classmethod
    def fits(cls, config: Mapping[str, Any]) -> bool:
        vision = config.get("vision_config")
        return isinstance(vision, dict) and vision.get("model_type") == "pixtral"


class LightOnOcrVision(PixtralVision):
    """Without the token between rows."""

    title = "LightOnOCR"
    classes: ClassVar[Names] = ("LightOnOCRForConditionalGeneration", "LightOnOcrForConditionalGeneration")
    text_inside: ClassVar[bool] = True
    kind: ClassVar[str] = gguf.VisionProjectorType.LIGHTONOCR

    def rename(self, name: str) -> str | None:
        name = name.replace("model.vision_encoder.", "vision_tower.")
        return super().rename(name.replace("model.vision_projection.", "multi_modal_projector."))

    def _break_token(self) -> int:
        return -1


PROJECTORS = (PixtralVision, LlavaVision, LightOnOcrVision)
