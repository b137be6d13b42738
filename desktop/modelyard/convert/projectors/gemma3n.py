"""Gemma 3n's encoders: MobileNet 5 for pictures, a conformer for sound (conversion/gemma.py
Gemma3nVisionAudioModel)."""

from __future__ import annotations

import re
from typing import ClassVar

import gguf

from ...formats.ggml_types import GgmlType
from .. import lazy
from ..config import Config
from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..model import Model
from ..names import TensorNames
from ..projector import Projector

_BLOCKS = "model.vision_tower.timm_model.blocks."
_OWN = "v.blk."
_NORM = re.compile(r"model\.audio_tower\.subsample_conv_projection\.conv_(\d+)\.norm\.")  # llama.cpp's table forgets it


class _Names(TensorNames):
    """Blocks of the picture encoder have two numbers and keep their names below them."""

    def find(self, name: str) -> str | None:
        return name if name.startswith(_OWN) else super().find(name)


class Gemma3nVision(Projector):
    title = "Gemma 3n"
    proof = "reference"
    classes: ClassVar[Names] = ("Gemma3nForConditionalGeneration",)

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.names = _Names(self.arch, self.blocks)
        self.preprocessor = self.preprocessor.with_values(image_mean=[0.0] * 3, image_std=[1.0] * 3)

    def prepare(self, config: Config) -> Config:
        """It takes pictures as they are, and tells of itself only what it makes."""
        sound = Config(config["audio_config"])
        self.sound = sound.with_values(
            n_layers=sound["conf_num_hidden_layers"],
            num_attention_heads=sound["conf_num_attention_heads"],
            intermediate_size=sound.get("intermediate_size", 6144),
        )
        vision = super().prepare(config)
        side = self.preprocessor.get("size", {"height": 768})["height"]
        return vision.with_values(
            n_layers=self.count_blocks(),
            intermediate_size=4 * vision.get("intermediate_size", 2048),
            num_attention_heads=vision.get("num_attention_heads", 8),
            image_size=side,
            patch_size=side // self.preprocessor.get("image_seq_length", 256),
        )

    def count_blocks(self) -> int:
        """Of both encoders, without counting: more than any has."""
        return 128

    def rename(self, name: str) -> str | None:
        renamed = super().rename(name)
        if renamed is None or not ("audio" in name or name.startswith(("model.embed_vision.", "model.vision_tower."))):
            return None
        renamed = renamed.replace("model.audio_tower.conformer.", "conformer.layers.")
        return _NORM.sub(r"conformer.subsample_conv_projection.layer\1.norm.", renamed)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """What is added to or multiplied with whole channels says so by its shape."""
        if name.startswith(_BLOCKS):
            name = _OWN + name.removeprefix(_BLOCKS)
        if name.endswith(("conv_stem.conv.bias", "layer_scale.gamma")):
            tensor = lazy.reshaped(tensor, (1, tensor.shape[0], 1, 1))
        yield name, tensor

    def fixed_type(self, source: str, name: str, tensor: Lazy) -> GgmlType | None:
        if "input_projection" in source or "input_proj" in source:
            return GgmlType.F16
        if ".embeddings." in source or "stem" in source:
            return GgmlType.F32
        sounds = source.startswith("conformer.") or "audio" in source
        if sounds and (".conv" in source or ("_conv" in source and ".weight" in source)):
            return GgmlType.F32
        return super().fixed_type(source, name, tensor)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        self.write_sound(self.sound, keys)
        keys.add_clip_vision_projector_type(gguf.VisionProjectorType.GEMMA3NV)
        keys.add_vision_attention_layernorm_eps(self.config.get("layer_norm_eps", 1e-6))
        keys.add_clip_audio_projector_type(gguf.VisionProjectorType.GEMMA3NA)
        keys.add_audio_num_mel_bins(self.sound["input_feat_size"])
        keys.add_audio_attention_layernorm_eps(1e-5)


PROJECTORS = (Gemma3nVision,)
