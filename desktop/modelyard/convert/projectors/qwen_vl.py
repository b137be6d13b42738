"""The encoders of Qwen2-VL, Qwen2.5-VL, Qwen3-VL and Qwen3.5 (conversion/qwenvl.py, conversion/qwen3vl.py)."""

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
from ..projector import CLIP, EVEN, Projector


class Qwen2Vision(Projector):
    title = "Qwen 2-VL, 2.5-VL"
    proof = "reference"
    classes: ClassVar[Names] = ("Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration", "Qwen2VLModel")
    colours = CLIP
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
        """q, k and v lie together."""
        if ".qkv." in name:
            parts = lazy.split(tensor, [tensor.shape[0] // 3] * 3)
            for letter, part in zip("qkv", parts, strict=True):
                yield name.replace("qkv", letter), part
        elif "patch_embed.proj.weight" in name:
            yield from two_frames(tensor)
        else:
            yield from super().change(name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        if self.whole["model_type"] == "qwen2_vl":
            keys.add_clip_projector_type(gguf.VisionProjectorType.QWEN2VL)
        else:
            keys.add_clip_projector_type(gguf.VisionProjectorType.QWEN25VL)
            keys.add_vision_use_silu(True)
            keys.add_vision_n_wa_pattern(self.window_pattern())
        keys.add_vision_attention_layernorm_eps(self.whole.get("rms_norm_eps", 1e-6))

    def window_pattern(self) -> int:
        """Every how many layers the encoder looks at the whole picture."""
        layers = self.config["fullatt_block_indexes"]
        step = int(layers[0]) + 1
        if any(later - earlier != step for earlier, later in pairwise(layers)):
            raise ValueError(f"fullatt_block_indexes {layers}")
        return step


class Qwen3Vision(Projector):
    """Some of its layers feed layers of the text model too ("deepstack")."""

    title = "Qwen 3-VL, 3.5"
    proof = "reference"
    classes: ClassVar[Names] = (
        "Qwen3VLForConditionalGeneration",
        "Qwen3VLMoeForConditionalGeneration",
        "Qwen3_5ForConditionalGeneration",
        "Qwen3_5MoeForConditionalGeneration",
    )
    colours = EVEN
    own_names: ClassVar[Names] = ("v.patch_embd.weight.1",)

    def prepare(self, config: Config) -> Config:
        vision = super().prepare(config)
        side = int(vision.get("num_position_embeddings", 2304) ** 0.5 * vision.get("patch_size", 16))
        return vision.with_values(
            image_size=vision.get("image_size", side),
            num_attention_heads=vision["num_heads"],
            num_hidden_layers=vision["depth"],
        )

    def rename(self, name: str) -> str | None:
        name = name.removeprefix("model.")
        return super().rename(name) if name.startswith("visual.") else None

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        stem, _, tail = name.removeprefix("visual.").partition(".")
        if stem == "deepstack_merger_list":
            number, _, part = tail.partition(".")
            layer = self._fed()[int(number)]
            yield f"v.deepstack.{layer}.{part.replace('linear_', '')}", tensor
        elif stem == "merger":
            yield _MERGER[tail.rpartition(".")[0]] + name[name.rindex(".") :], tensor
        elif name == "visual.patch_embed.proj.weight":
            yield from two_frames(tensor)
        else:
            yield from super().change(name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_projector_type(gguf.VisionProjectorType.QWEN3VL)
        keys.add_vision_use_gelu(True)
        if (size := self.config.get("spatial_merge_size")) is not None:
            keys.add_vision_spatial_merge_size(int(size))
        text = self.whole.get("text_config") or {}
        keys.add_vision_attention_layernorm_eps(text.get("rms_norm_eps", 1e-6))
        if self.blocks:
            keys.add_vision_is_deepstack_layers([layer in self._fed() for layer in range(self.blocks)])

    def _fed(self) -> list[int]:
        return list(self.config.get("deepstack_visual_indexes", []))


_MERGER = {"linear_fc1": "mm.0", "linear_fc2": "mm.2", "norm": "v.post_ln"}


def two_frames(tensor: Lazy) -> Named:
    """The patch embedding is a convolution over two frames, stored as two over one."""
    width, channels, frames, height, _ = tensor.shape
    if frames != 2:
        raise ValueError(f"{frames} frames")
    rows = np.arange(tensor.rows).reshape(width, channels, frames, height)
    for frame, ending in ((0, ""), (1, ".1")):
        index = rows[:, :, frame].reshape(-1)
        yield f"v.patch_embd.weight{ending}", lazy.gathered(tensor, index, (width, channels, height))


PROJECTORS = (Qwen2Vision, Qwen3Vision)
