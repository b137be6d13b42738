"""DeepSeek-OCR's encoders, a SAM before a CLIP; in Unlimited-OCR too. In DeepSeek-OCR 2 a Qwen 2 takes CLIP's place
(conversion/deepseek.py DeepseekOCRVisionModel)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import gguf

from ...formats.ggml_types import GgmlType
from .. import lazy
from ..config import Config
from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..projector import EVEN, Projector

_TEXT = ("lm_head.", "model.embed_tokens.", "model.layers.", "model.norm.")
_BARE = ("pos_embed", "rel_pos_h", "rel_pos_w")
_FLOAT32 = (".embeddings.", "pos_embed", ".rel_pos_h", ".rel_pos_w", ".neck.", ".net_")
_CLIP, _QWEN = "clip-l-14-224", "qwen2-0-5b"
_QWEN_SIZES = {"patch_size": 16, "intermediate_size": 4864, "num_attention_heads": 14, "layers": 24}
_QWEN_KEY_HEADS = 2


class DeepSeekOcrVision(Projector):
    """tiles: into how many parts at most a large picture is cut."""

    title = "DeepSeek-OCR"
    proof = "reference"
    classes: ClassVar[Names] = ("DeepseekOCRForCausalLM",)
    colours = EVEN
    tiles: ClassVar[int] = 9
    kind: ClassVar[str] = gguf.VisionProjectorType.DEEPSEEKOCR

    def prepare(self, config: Config) -> Config:
        """Both encoders stand below "width"."""
        vision = super().prepare(config)
        parts: Mapping[str, Any] = vision["width"]
        self.sam = Config(parts["sam_vit_b"])
        return self.second(vision, parts)

    def second(self, vision: Config, parts: Mapping[str, Any]) -> Config:
        """With the sizes of the encoder behind the SAM."""
        clip = Config(parts[_CLIP])
        sizes = {"hidden_size": clip["width"], "num_heads": clip["heads"], "intermediate_size": clip["heads"] * 4}
        return Config({**vision, **clip, **sizes})

    def rename(self, name: str) -> str | None:
        if name.startswith(_TEXT):
            return None
        return super().rename(f"{name}.weight" if name.endswith(_BARE) else name)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if name.endswith("view_seperator"):
            tensor = lazy.reshaped(tensor, (1, *tensor.shape))
        yield from super().change(name, tensor, block)

    def fixed_type(self, source: str, name: str, tensor: Lazy) -> GgmlType | None:
        if any(part in source for part in _FLOAT32):
            return GgmlType.F32
        return super().fixed_type(source, name, tensor)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_projector_type(self.kind)
        keys.add_vision_attention_layernorm_eps(self.config.get("layer_norm_eps", 1e-6))
        keys.add_vision_use_gelu(True)
        self.write_reduction(keys)
        keys.add_vision_window_size(self.config.get("window_size", 14))
        keys.add_vision_preproc_min_tiles(2)
        keys.add_vision_preproc_max_tiles(self.tiles)
        keys.add_vision_sam_layers_count(self.sam["layers"])
        keys.add_vision_sam_embedding_length(self.sam["width"])
        keys.add_vision_sam_head_count(self.sam["heads"])


class UnlimitedOcrVision(DeepSeekOcrVision):
    title = "Unlimited-OCR"
    classes: ClassVar[Names] = ("UnlimitedOCRForCausalLM",)
    tiles: ClassVar[int] = 32


class DeepSeekOcr2Vision(DeepSeekOcrVision):
    title = "DeepSeek-OCR 2"
    classes: ClassVar[Names] = ("DeepseekOCR2ForCausalLM",)
    tiles: ClassVar[int] = 6
    kind: ClassVar[str] = "deepseekocr2"

    def second(self, vision: Config, parts: Mapping[str, Any]) -> Config:
        """The makers' code has most of the sizes, not the file."""
        given = {key: value for key, value in vision.items() if value is not None}
        return Config({**_QWEN_SIZES, **given, "hidden_size": parts[_QWEN]["dim"]})

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_vision_head_count_kv(_QWEN_KEY_HEADS)


PROJECTORS = (DeepSeekOcrVision, UnlimitedOcrVision, DeepSeekOcr2Vision)
