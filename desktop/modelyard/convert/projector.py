"""The part of a model that sees: vision encoder and projector as a GGUF of their own, the "mmproj" file
(conversion/base.py MmprojModel)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from ..formats.checkpoint import TensorTable, architecture_of
from ..formats.ggml_types import GgmlType
from .config import Config, read_config
from .content import GgufContent
from .family import Family, Names, Rows
from .keys import Keys
from .lazy import Lazy
from .model import Model
from .names import TensorNames
from .plan import content_of

BLOCKS = (
    "n_layers",
    "num_hidden_layers",
    "n_layer",
    "num_layers",
    "depth",
    "layers",
    "encoder_layers",
    "vt_num_hidden_layers",
)
_SOUND_ROWS: Rows = (
    ("audio_embedding_length", ("hidden_size",)),
    ("audio_feed_forward_length", ("intermediate_size",)),
    ("audio_block_count", BLOCKS),
    ("audio_head_count", ("num_attention_heads",)),
)
_ROWS: Rows = (
    ("vision_image_size", ("image_size",)),
    ("vision_patch_size", ("patch_size",)),
    ("vision_embedding_length", ("hidden_size", "width", "vt_hidden_size")),
    ("vision_feed_forward_length", ("intermediate_size", "vt_intermediate_size")),
    ("vision_block_count", BLOCKS),
    ("vision_head_count", ("num_attention_heads", "num_heads", "heads", "vt_num_attention_heads")),
)

EVEN: Mapping[str, Any] = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
CLIP: Mapping[str, Any] = {
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
}

_STEPS = 8  # of a projector, numbered as the encoder's layers are, of which a small one has fewer
_ENCODER = re.compile(r"(^|\.|_)(vision|visual|vit|vpm|siglip2?|sam)[._]")


class Projector(Family):
    """classes: names of the whole model's class; encoders: names vision_config may give for itself. text_inside: the
    text model has a class name of its own, whichever it is. only: the encoder's name, where the class may hold others
    that are not converted. config: vision_config. whole: the configuration it stands
    in. colours: what transformers takes for pictures where the folder has no preprocessor_config.json, on which
    llama.cpp's converter fails. Patch embeddings are F16 in an F16 file, else F32."""

    arch = "clip"
    encoders: ClassVar[Names] = ()
    text_inside: ClassVar[bool] = False
    only: ClassVar[str] = ""
    colours: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, model: Model) -> None:
        self.whole = model.config
        self.preprocessor = _preprocessor(model, self.colours)
        super().__init__(model)
        self.names = TensorNames(self.arch, max(self.blocks, _STEPS))

    @classmethod
    def fits(cls, config: Mapping[str, Any]) -> bool:
        """Whether config.json holds this encoder, where its class name leaves that open."""
        return isinstance(config.get("vision_config"), dict)

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Config:
        return Config(read_config(raw))

    def prepare(self, config: Config) -> Config:
        return Config(config["vision_config"])

    def count_blocks(self) -> int:
        return int(self.config.need(*BLOCKS))

    def rename(self, name: str) -> str | None:
        return None if "language_model." in name else name

    def fixed_type(self, source: str, name: str, tensor: Lazy) -> GgmlType | None:
        if ".patch_embd.weight" not in name and ".patch_merger.weight" not in name:
            return None
        return self.patch_type()

    def patch_type(self) -> GgmlType:
        """Of patch embeddings and other convolutions."""
        return GgmlType.F16 if self.model.outtype == "f16" else GgmlType.F32

    def write_type(self, keys: Keys) -> None:
        keys.add_type("mmproj")

    def write_parameters(self, keys: Keys) -> None:
        keys.add_file_type()
        keys.add_clip_has_vision_encoder(True)
        keys.add_vision_projection_dim(self._text_width())
        for method, names in _ROWS:
            getattr(keys, f"add_{method}")(self.config.need(*names))
        keys.add_vision_image_mean(self.preprocessor["image_mean"])
        keys.add_vision_image_std(self.preprocessor["image_std"])

    def write_reduction(self, keys: Keys) -> None:
        """How many patches become one place on each side, where that is not the usual four."""
        side = int(self.preprocessor.get("image_seq_length", 256) ** 0.5)
        scale = (self.config["image_size"] // self.config["patch_size"]) // side
        if scale > 0 and scale != 4:
            keys.add_vision_projector_scale_factor(scale)

    def write_sound(self, config: Config, keys: Keys) -> None:
        """An encoder for sound in the same file. config: audio_config."""
        keys.add_clip_has_audio_encoder(True)
        keys.add_audio_projection_dim(self._text_width())
        for method, names in _SOUND_ROWS:
            getattr(keys, f"add_{method}")(config.need(*names))

    def write_vocabulary(self, keys: Keys) -> None:
        """It has none."""

    def _text_width(self) -> int:
        text = self.whole.get("text_config")
        return int(Config({**self.whole, **(text if isinstance(text, dict) else {})}).need("hidden_size", "n_embd"))


def write_activation(name: str, keys: Keys) -> None:
    """Raises ValueError for one that llama.cpp's encoders do not have."""
    if name == "silu":
        keys.add_vision_use_silu(True)
    elif name == "gelu":
        keys.add_vision_use_gelu(True)
    else:
        raise ValueError(f"hidden_act {name}")


def below_older_tower(name: str) -> str:
    """SigLIP's tensors by the names of transformers 4: 5 has dropped the step between the tower and its parts."""
    step = "vision_tower.vision_model."
    return name if step in name else name.replace("vision_tower.", step)


def write_pixels(preprocessor: Config, keys: Keys) -> None:
    """How many pixels a picture may have."""
    keys.add_vision_min_pixels(pixels(preprocessor, "min_pixels"))
    keys.add_vision_max_pixels(pixels(preprocessor, "max_pixels"))


def pixels(preprocessor: Config, key: str) -> Any:
    """Newer files have them as the edges of `size`. Raises CONFIG_KEY_MISSING."""
    edges = preprocessor.get("size")
    edge = {"min_pixels": "shortest_edge", "max_pixels": "longest_edge"}[key]
    found = preprocessor.get(key)
    if found is None and isinstance(edges, dict):
        found = edges.get(edge)
    return preprocessor[key] if found is None else found


def _preprocessor(model: Model, colours: Mapping[str, Any]) -> Config:
    """preprocessor_config.json, then processor_config.json over it."""
    values: dict[str, Any] = {}
    for name, inner in (("preprocessor_config.json", "media_proc_cfg"), ("processor_config.json", "image_processor")):
        found = model.json(name) or {}
        values.update(found)
        values.update(found.get(inner) or {})
    return Config(values, colours)


def projector_content(
    table: TensorTable, *, outtype: str = "f16", directory_name: str | None = None
) -> GgufContent | None:
    """The mmproj file of a model that sees; None for one that does not (any more: its encoder may be gone), or whose
    encoder is not known here.

    outtype: the size it will be written in, as of llama.cpp's converter ("f16", "bf16", "f32", "q8_0").
    Raises as plan.gguf_content.
    """
    from .projectors import projector_of

    found = projector_of(table.config)
    if found is None or not has_encoder(table):
        return None
    return content_of(found, table, architecture_of(table.config, table.name), directory_name or table.name, outtype)


def has_encoder(table: TensorTable) -> bool:
    """The checkpoint holds layers of an encoder for pictures."""
    return isinstance(table.config.get("vision_config"), dict) and any(_ENCODER.search(name) for name in table.tensors)
