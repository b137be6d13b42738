"""What a GGUF is, told from its header: the facts that a check card shows and a plan needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from .ggml_types import GgmlType
from .gguf_memory import ConversationMemory, conversation_memory
from .gguf_values import GgufHeader, ValueType

# general.file_type → name (enum llama_ftype, include/llama.h; the names are those of llama-quantize).
FILE_TYPES: Mapping[int, str] = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
    12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS",
    20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M",
    28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE",
    39: "NVFP4", 40: "Q1_0", 41: "Q2_0",
}  # fmt: skip
_WHOLE_TYPES = frozenset({GgmlType.F32, GgmlType.F16, GgmlType.BF16, GgmlType.F64})
_GUESSED = 1024  # a flag of llama.cpp: "not specified in the file"
# Vision and audio towers inside a text model's own file (facts of Ollama's importer).
_TOWER_PREFIXES = ("v.", "mm.", "a.", "s.")


class GgufKind(StrEnum):
    MODEL = "model"
    MMPROJ = "mmproj"  # a vision or audio projector beside a model
    ADAPTER = "adapter"  # a LoRA
    VOCAB = "vocab"  # a vocabulary without weights
    IMATRIX = "imatrix"
    CONTROL_VECTOR = "control_vector"
    SHARD = "shard"  # a later part of a split set: no metadata of its own
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TypeUse:
    """How much of a file is stored in one tensor type."""

    tensors: int
    elements: int
    nbytes: int


@dataclass(frozen=True)
class GgufFacts:
    """Unknown numbers are None, unknown texts "". From a preview, `parameters`, `types` and what stands behind the
    vocabulary are missing.

    size: "Q4_K_M", …: general.file_type, or the type that most weights have if that says nothing or is wrong.
    size_label: the author's own words about the number of parameters ("135M", "8x7B").
    memory: what a conversation needs; None if the metadata does not say.
    """

    kind: GgufKind
    architecture: str
    name: str
    basename: str
    size_label: str
    size: str
    parameters: int | None
    weight_bytes: int
    types: Mapping[GgmlType, TypeUse]
    context_length: int | None
    embedding_length: int | None
    block_count: int | None
    expert_count: int | None
    expert_used_count: int | None
    vocabulary: int | None
    tokenizer: str
    pre_tokenizer: str
    chat_template: str
    licence: str
    licence_link: str
    tags: tuple[str, ...]
    base_models: tuple[str, ...]
    is_embedding: bool
    has_towers: bool
    memory: ConversationMemory | None


def facts(header: GgufHeader) -> GgufFacts:
    """Never raises: a key of a wrong type counts as absent."""
    arch = header.text("general.architecture")
    types = type_histogram(header)

    def number(key: str) -> int | None:
        value = header.integer(f"{arch}.{key}")
        return value if value is not None and 0 <= value < 2**63 else None

    tokens = header.metadata.get("tokenizer.ggml.tokens")
    return GgufFacts(
        kind=kind_of(header),
        architecture=arch,
        name=header.text("general.name"),
        basename=header.text("general.basename"),
        size_label=header.text("general.size_label"),
        size=size_name(header.integer("general.file_type"), types),
        parameters=sum(use.elements for use in types.values()) if header.complete else None,
        weight_bytes=sum(use.nbytes for use in types.values()),
        types=types,
        context_length=number("context_length"),
        embedding_length=number("embedding_length"),
        block_count=number("block_count"),
        expert_count=number("expert_count"),
        expert_used_count=number("expert_used_count"),
        vocabulary=tokens.count if tokens is not None and tokens.type is ValueType.ARRAY else number("vocab_size"),
        tokenizer=header.text("tokenizer.ggml.model"),
        pre_tokenizer=header.text("tokenizer.ggml.pre"),
        chat_template=header.text("tokenizer.chat_template"),
        licence=header.text("general.license.name") or header.text("general.license"),
        licence_link=header.text("general.license.link"),
        tags=header.texts("general.tags"),
        base_models=_base_models(header),
        is_embedding=embeds(header),
        has_towers=any(tensor.name.startswith(_TOWER_PREFIXES) for tensor in header.tensors),
        memory=conversation_memory(header),
    )


def embeds(header: GgufHeader) -> bool:
    """The model makes vectors of texts and writes none: it pools, or every token sees those after it (BERT without a
    pooling module)."""
    arch = header.text("general.architecture")
    pools = f"{arch}.pooling_type" in header.metadata or arch == "gemma-embedding"
    return pools or header.boolean(f"{arch}.attention.causal") is False


def kind_of(header: GgufHeader) -> GgufKind:
    """What the file is by its metadata, never by its name. Projectors as Ollama tells them: general.type; or no
    blocks of its own but vision blocks; or the architecture "clip" with an encoder."""
    kind = header.text("general.type")
    arch = header.text("general.architecture")
    if kind in ("mmproj", "projector") or _is_clip(header, arch):
        return GgufKind.MMPROJ
    if kind == "adapter" or (kind != "model" and "adapter.type" in header.metadata):
        return GgufKind.ADAPTER
    if kind == "imatrix":
        return GgufKind.IMATRIX
    if arch == "controlvector":
        return GgufKind.CONTROL_VECTOR
    if (header.integer("split.no") or 0) > 0 and not arch:
        return GgufKind.SHARD
    if not arch:
        return GgufKind.OTHER
    # The first part of a split set may hold the metadata alone.
    if header.tensor_count == 0 and (header.integer("split.count") or 0) <= 1:
        return GgufKind.VOCAB if "tokenizer.ggml.model" in header.metadata else GgufKind.OTHER
    return GgufKind.MODEL


def _is_clip(header: GgufHeader, arch: str) -> bool:
    if arch == "clip":
        return any(header.boolean(f"clip.has_{sense}_encoder") for sense in ("vision", "audio", "gen_audio"))
    return header.integer(f"{arch}.block_count") == 0 and (header.integer(f"{arch}.vision.block_count") or 0) > 0


def type_histogram(header: GgufHeader) -> dict[GgmlType, TypeUse]:
    """Tensor types in the order of their first use."""
    counts: dict[GgmlType, list[int]] = {}
    for tensor in header.tensors:
        use = counts.setdefault(tensor.type, [0, 0, 0])
        use[0] += 1
        use[1] += tensor.elements
        use[2] += tensor.nbytes
    return {kind: TypeUse(*use) for kind, use in counts.items()}


def size_name(file_type: int | None, types: Mapping[GgmlType, TypeUse]) -> str:
    """general.file_type by name. If it is missing, unknown or guessed, or claims unquantized weights where most
    are quantized, the type that most weights have. "" if neither is known."""
    main = max(types, key=lambda kind: types[kind].elements, default=None)
    named = FILE_TYPES.get(file_type & ~_GUESSED, "") if file_type is not None and file_type >= 0 else ""
    claims_whole = named in ("F32", "F16", "BF16")
    if main is not None and (not named or (claims_whole and main not in _WHOLE_TYPES)):
        return main.name
    return named


def _base_models(header: GgufHeader) -> tuple[str, ...]:
    """Names of the models this one was made from, as repository addresses where given."""
    found: list[str] = []
    for index in range(min(header.integer("general.base_model.count") or 0, 64)):
        stem = f"general.base_model.{index}."
        found.append(header.text(stem + "repo_url") or header.text(stem + "name"))
    return tuple(name for name in found if name)
