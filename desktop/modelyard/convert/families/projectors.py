"""Vision encoders: Gemma 3's SigLIP, Qwen2-VL's and Qwen2.5-VL's (conversion/gemma.py, conversion/qwenvl.py)."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import gguf
import numpy as np

from ...formats.ggml_types import GgmlType
from .. import lazy
from ..config import Config
from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..projector import Projector

_GEMMA_PARTS = ("multi_modal_projector.", "vision_tower.", "multimodal_projector.", "vision_model.")


class Gemma3Vision(Projector):
    title = "Gemma 3"
    proof = "golden"
    classes: ClassVar[Names] = ("Gemma3ForConditionalGeneration",)
    plus_one: ClassVar[Names] = ("soft_emb_norm.weight",)

    def rename(self, name: str) -> str | None:
        name = name.removeprefix("model.")
        if "vision_model.head." in name or not name.startswith(_GEMMA_PARTS):
            return None
        return super().rename(name.replace("_weight", ".weight"))

    def fixed_type(self, source: str, name: str, tensor: Lazy) -> GgmlType | None:
        if "input_projection" in source:
            return GgmlType.F16
        return GgmlType.F32 if ".embeddings." in source else super().fixed_type(source, name, tensor)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_projector_type("gemma3")
        keys.add_vision_attention_layernorm_eps(self.config.get("layer_norm_eps", 1e-6))
        keys.add_vision_use_gelu(True)
        side = int(self.preprocessor.get("image_seq_length", 256) ** 0.5)
        scale = (self.config["image_size"] // self.config["patch_size"]) // side
        if scale > 0 and scale != 4:
            keys.add_vision_projector_scale_factor(scale)


class Qwen2Vision(Projector):
    title = "Qwen 2-VL, 2.5-VL"
    proof = "reference"
    classes: ClassVar[Names] = ("Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration", "Qwen2VLModel")
    own_names: ClassVar[Names] = ("v.patch_embd.weight.1",)

    def prepare(self, config: Config) -> Config:
        vision = super().prepare(config)
        vision = vision.with_values(
            image_size=vision.get("image_size", 560),
            num_attention_heads=vision["num_heads"],
            num_hidden_layers=vision["depth"],
        )
        if "embed_dim" in vision:  # Qwen2-VL calls its width so, and the text model's hidden_size
            vision = vision.with_values(intermediate_size=vision["hidden_size"], hidden_size=vision["embed_dim"])
        return vision

    def rename(self, name: str) -> str | None:
        name = name.removeprefix("model.")
        return super().rename(name) if name.startswith("visual.") else None

    def fixed_type(self, source: str, name: str, tensor: Lazy) -> GgmlType | None:
        return GgmlType.F32 if ".position_embd." in name else super().fixed_type(source, name, tensor)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """q, k and v lie together; the patch embedding is a convolution over two frames, stored as two over one."""
        if ".qkv." in name:
            parts = lazy.split(tensor, [tensor.shape[0] // 3] * 3)
            for letter, part in zip("qkv", parts, strict=True):
                yield name.replace("qkv", letter), part
        elif "patch_embed.proj.weight" in name:
            width, channels, frames, height, _ = tensor.shape
            if frames != 2:
                raise ValueError(f"{frames} frames")
            rows = np.arange(tensor.rows).reshape(width, channels, frames, height)
            for frame, ending in ((0, ""), (1, ".1")):
                index = rows[:, :, frame].reshape(-1)
                yield f"v.patch_embd.weight{ending}", lazy.gathered(tensor, index, (width, channels, height))
        else:
            yield from super().change(name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        if self.whole["model_type"] == "qwen2_vl":
            keys.add_clip_projector_type(gguf.VisionProjectorType.QWEN2VL)
        else:
            keys.add_clip_projector_type(gguf.VisionProjectorType.QWEN25VL)
            keys.add_vision_use_silu(True)
            keys.add_vision_n_wa_pattern(self._window_pattern())
        keys.add_vision_attention_layernorm_eps(self.whole.get("rms_norm_eps", 1e-6))

    def _window_pattern(self) -> int:
        """Every how many layers the encoder looks at the whole picture."""
        layers = self.config["fullatt_block_indexes"]
        step = int(layers[0]) + 1
        if any(later - earlier != step for earlier, later in pairwise(layers)):
            raise ValueError(f"fullatt_block_indexes {layers}")
        return step


PROJECTORS = (Gemma3Vision, Qwen2Vision)
