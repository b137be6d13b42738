"""Gemma 4's encoders for pictures and for sound (conversion/gemma.py Gemma4VisionAudioModel)."""

from __future__ import annotations

from typing import ClassVar

import gguf
import numpy as np
from numpy.typing import NDArray

from ...formats.ggml_types import GgmlType
from .. import lazy
from ..config import Config
from ..family import Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..projector import Projector
from ..softplus import softplus

_COLOURS = 3
_SOUND = ("audio_tower", "embed_audio")


class Gemma4Vision(Projector):
    """Small ones hear too."""

    title = "Gemma 4"
    proof = "reference"
    classes: ClassVar[Names] = ("Gemma4ForConditionalGeneration",)

    def prepare(self, config: Config) -> Config:
        """It takes pictures of any size; llama.cpp wants one."""
        self.sound = _sound(config)
        return super().prepare(config).with_values(image_size=224)

    def count_blocks(self) -> int:
        """Of both encoders, without counting: more than any has."""
        return 128

    def rename(self, name: str) -> str | None:
        renamed = super().rename(name)
        if renamed is None:
            return None
        if _is_sound(renamed):
            renamed = renamed.replace("model.audio_tower.", "conformer.").replace(".linear.", ".")
            bare = renamed.endswith(("per_dim_key_scale", "per_dim_scale"))
        else:
            renamed = renamed.replace("model.vision_tower.encoder.", "vision_model.model.")
            renamed = renamed.replace(".linear.weight", ".weight")
            bare = renamed.endswith(("layer_scalar", "position_embedding_table"))
        return f"{renamed}.weight" if bare else renamed

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if not tensor.shape:
            tensor = lazy.reshaped(tensor, (1,))
        if name.endswith(("per_dim_key_scale.weight", "per_dim_scale.weight")):
            tensor = lazy.mapped(tensor, softplus)
        elif "lconv1d.depthwise_conv1d" in name and name.endswith(".weight"):
            tensor = lazy.squeezed(tensor)
        elif name.endswith("patch_embedder.input_proj.weight"):
            tensor = _convolution(tensor)
        yield name, tensor

    def fixed_type(self, source: str, name: str, tensor: Lazy) -> GgmlType | None:
        sounds = source.startswith("conformer.") or _is_sound(source)
        if sounds and (".conv" in source or ("_conv" in source and ".weight" in source)):
            return GgmlType.F32
        if "position_embedding_table" in source:
            return GgmlType.F32
        return super().fixed_type(source, name, tensor)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        if self.sound:
            self.write_sound(self.sound, keys)
        keys.add_clip_vision_projector_type(gguf.VisionProjectorType.GEMMA4V)
        keys.add_vision_attention_layernorm_eps(self.config.get("layer_norm_eps", 1e-6))
        if self.sound:
            keys.add_clip_audio_projector_type(gguf.VisionProjectorType.GEMMA4A)
            keys.add_audio_num_mel_bins(self.sound["feat_in"])
            keys.add_audio_attention_layernorm_eps(self.sound.get("layer_norm_eps", 1e-6))


def _sound(whole: Config) -> Config:
    """Empty for one that only sees."""
    found = whole.get("audio_config")
    if not found:
        return Config({})
    values = Config(found)
    if "hidden_size" in values:
        values = values.with_values(intermediate_size=4 * values["hidden_size"])
    return values.with_values(feat_in=values.get("input_feat_size", 128))


def _is_sound(name: str) -> bool:
    return any(part in name for part in _SOUND)


def _convolution(tensor: Lazy) -> Lazy:
    """A matrix over the pixels of a patch, colours last, as a convolution."""
    width, pixels = tensor.shape
    side = int((pixels // _COLOURS) ** 0.5)
    return lazy.reshaped(lazy.columns(tensor, _colours_first(side)), (width, _COLOURS, side, side))


def _colours_first(side: int) -> NDArray[np.int64]:
    return np.arange(side * side * _COLOURS).reshape(side, side, _COLOURS).transpose(2, 0, 1).reshape(-1)


class Gemma4UnifiedVision(Gemma4Vision):
    """It has no encoders: patches of pictures and pieces of sound go to the text model nearly as they are."""

    title = "Gemma 4 unified"
    classes: ClassVar[Names] = ("Gemma4UnifiedForConditionalGeneration",)

    def prepare(self, config: Config) -> Config:
        vision = super().prepare(config)
        none = {"intermediate_size": 0, "num_layers": 0, "num_attention_heads": 0}
        self.sound = self.sound.with_values(hidden_size=self.sound["audio_embed_dim"], **none)
        return vision.with_values(hidden_size=vision["mm_embed_dim"], **none)

    def rename(self, name: str) -> str | None:
        renamed = super().rename(name)
        if renamed is None:
            return None
        renamed = renamed.replace(".pos_norm.", ".patch_ln3.")
        return f"{renamed}.weight" if renamed.endswith("pos_embedding") else renamed

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """Tables of positions are one for each direction."""
        if name.endswith("pos_embedding.weight"):
            places, directions, _ = tensor.shape
            order = np.arange(places * directions).reshape(places, directions).T.reshape(-1)
            tensor = lazy.gathered(tensor, order, (directions, places))
        elif "patch_dense.weight" in name or ".patch_ln1." in name:
            tensor = lazy.columns(tensor, _colours_first(self._side()))
        yield from super().change(name, tensor, block)

    def _side(self) -> int:
        """Pixels on each side of a patch."""
        if "model_patch_size" in self.config:
            return int(self.config["model_patch_size"])
        return int(self.config["patch_size"]) * int(self.config["pooling_kernel_size"])

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_clip_vision_projector_type("gemma4uv")
        keys.add_clip_audio_projector_type("gemma4ua")


PROJECTORS = (Gemma4Vision, Gemma4UnifiedVision)
