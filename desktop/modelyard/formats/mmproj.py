"""Vision and audio projectors ("mmproj" files), and which of them belongs to a model.

A projector is recognised by metadata, never by name. It fits a model if it makes vectors of the model's width and
was made for its architecture; of several that fit, the one with the model's name, in F16 or BF16, is the best
(VisionCaptioner#13, ollama#9967).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .gguf_facts import GgufFacts, GgufKind, facts
from .gguf_values import GgufHeader

# Where each kind of projector ends (tools/mtmd/clip.cpp, clip_n_mmproj_embd): the rows of the first of these that
# exists are the width of the vectors it makes.
_LAST_TENSORS = (
    "mm.down.weight",
    "mm.model.fc.weight",
    "mm.input_projection.weight",
    "mm.merger.fc2.weight",
    "mm.model.mlp.3.weight",
    "adapter.linear.dense_4h_to_h.weight",
    "mm.3.weight",
    "mm.2.weight",
    "mm.a.fc.weight",
    "mm.a.mlp.3.weight",
    "mm.a.mlp.2.weight",
)
# Stored transposed: here the columns are the width.
_TRANSPOSED = {
    "gemma3": "mm.input_projection.weight",
    "gemma3nv": "mm.input_projection.weight",
    "resampler": "resampler.proj.weight",
}
# Projectors that work with these architectures only. Qwen 2.5 VL has the width of plain Qwen 2.5, for example.
_ARCHITECTURES = {
    "gemma3": ("gemma3",),
    "gemma3nv": ("gemma3n",),
    "gemma3na": ("gemma3n",),
    "gemma4v": ("gemma4",),
    "gemma4a": ("gemma4",),
    "gemma4uv": ("gemma4",),
    "gemma4ua": ("gemma4",),
    "llama4": ("llama4",),
    "qwen2vl_merger": ("qwen2vl",),
    "qwen2.5vl_merger": ("qwen2vl",),
    "cogvlm": ("cogvlm",),
}
_SIZE_ORDER = ("F16", "BF16", "Q8_0", "F32")
_NOT_A_NAME = re.compile(r"mmproj|model|gguf|vision|[fi]?q?[0-9]+_[0-9ksmlx_]+|bf16|f16|f32|fp16|[0-9]{5}|of")


@dataclass(frozen=True)
class Projector:
    """`types`: clip.projector_type, or those for vision and audio. `embedding`: width of the vectors it makes, None
    if unknown. `words`: what its names consist of, for comparing with a model's."""

    name: str
    types: tuple[str, ...]
    sees: bool
    hears: bool
    embedding: int | None
    size: str
    words: frozenset[str]


def projector(header: GgufHeader) -> Projector | None:
    """What the file is as a projector, or None if it is none."""
    known = facts(header)
    if known.kind is not GgufKind.MMPROJ:
        return None
    keys = ("clip.projector_type", "clip.vision.projector_type", "clip.audio.projector_type")
    types = tuple(kind for kind in (header.text(key) for key in keys) if kind)
    hears = header.boolean("clip.has_audio_encoder") is True
    return Projector(
        name=header.name,
        types=types,
        sees=header.boolean("clip.has_vision_encoder") is True or not hears,
        hears=hears,
        embedding=_embedding(header, types),
        size=known.size,
        words=name_words(header.name, known),
    )


def fits(model: GgufFacts, candidate: Projector) -> bool:
    """False if the projector certainly belongs to another model."""
    if model.kind is not GgufKind.MODEL:
        return False
    if None not in (model.embedding_length, candidate.embedding) and model.embedding_length != candidate.embedding:
        return False
    wanted = [_ARCHITECTURES[kind] for kind in candidate.types if kind in _ARCHITECTURES]
    return all(model.architecture in names for names in wanted)


def best_projectors(name: str, model: GgufFacts, candidates: Iterable[Projector]) -> list[Projector]:
    """Those that fit the model in file `name`, the best first."""
    words = name_words(name, model)

    def rank(candidate: Projector) -> tuple[bool, float, int, str]:
        common = len(words & candidate.words) / max(1, len(words | candidate.words))
        size = _SIZE_ORDER.index(candidate.size) if candidate.size in _SIZE_ORDER else len(_SIZE_ORDER)
        return candidate.embedding is None, -round(common, 3), size, candidate.name

    return sorted((candidate for candidate in candidates if fits(model, candidate)), key=rank)


def name_words(name: str, known: GgufFacts) -> frozenset[str]:
    """The words of a file's name and of general.name and .basename, without sizes and the word mmproj."""
    text = " ".join((name, known.name, known.basename)).lower()
    found = re.split(r"[^\w.]+|(?<!\d)\.|\.(?!\d)", text)
    return frozenset(word for word in found if word and not _NOT_A_NAME.fullmatch(word))


def _embedding(header: GgufHeader, types: tuple[str, ...]) -> int | None:
    shapes = {tensor.name: tensor.shape for tensor in header.tensors}
    for kind in types:
        shape = shapes.get(_TRANSPOSED.get(kind, ""))
        if shape:
            return shape[-1]
    for name in _LAST_TENSORS:
        if shapes.get(name):
            return shapes[name][0]
    # Newer converters write the model's width here, older ones the encoder's own.
    for sense in ("vision", "audio"):
        width = header.integer(f"clip.{sense}.projection_dim")
        if width is not None and width > 0:
            return width
    return None
