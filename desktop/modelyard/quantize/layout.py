"""Where everything stands in the file: its exact size is known before the first weight is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from ..convert.content import GgufContent, MetadataEntry, TensorJob, ValueType
from ..formats.ggml_types import GgmlType
from .header import ALIGNMENT, ALIGNMENT_KEY, metadata_bytes, metadata_length, padding, start_bytes, tensor_bytes
from .model_facts import trimmed
from .recipes import Recipe, TensorPlan, choose_types

FILE_TYPE_KEY = "general.file_type"
QUANTIZATION_VERSION_KEY = "general.quantization_version"
QUANTIZATION_VERSION = 2  # GGML_QNT_VERSION


@dataclass(frozen=True)
class PlacedTensor:
    """A tensor in the file: `offset` absolute and `nbytes` without padding, in bytes; `rows` × `columns` weights."""

    plan: TensorPlan
    offset: int
    rows: int
    columns: int
    row_bytes: int

    @property
    def job(self) -> TensorJob:
        return self.plan.job

    @property
    def type(self) -> GgmlType:
        return self.plan.type

    @property
    def nbytes(self) -> int:
        return self.rows * self.row_bytes


@dataclass(frozen=True)
class Layout:
    """The whole file. `header` is padded: the weights begin at its end. `size_bytes` includes all padding."""

    recipe: Recipe
    header: bytes
    tensors: tuple[PlacedTensor, ...]
    size_bytes: int


def lay_out(content: GgufContent, recipe: Recipe, extra: Iterable[MetadataEntry] = ()) -> Layout:
    """The layout of `content` by `recipe`. `extra` are keys that llama-quantize adds at the end (importance matrix)."""
    written = content.written_by(converter=recipe.size.converter)
    return place(recipe, file_metadata(written, recipe) + tuple(extra))


def place(recipe: Recipe, entries: tuple[MetadataEntry, ...]) -> Layout:
    """The layout of a file with just these keys and tensors."""
    alignment = _alignment(entries)
    table, places, weights = _table(recipe, alignment)
    header = start_bytes(len(places), len(entries)) + metadata_bytes(entries) + table
    header += bytes(padding(len(header), alignment))
    tensors = tuple(
        PlacedTensor(
            plan=plan,
            offset=len(header) + place,
            rows=prod(plan.job.shape[:-1]),
            columns=plan.job.shape[-1],
            row_bytes=plan.type.row_bytes(plan.job.shape[-1]),
        )
        for plan, place in zip(recipe.tensors, places, strict=True)
    )
    return Layout(recipe, header, tensors, len(header) + weights)


def exact_sizes(content: GgufContent, sizes: Iterable[str], *, importance: bool = False) -> dict[str, int]:
    """The size in bytes of the file at each size, to the byte; the vocabulary is encoded only once. `importance`: with
    an importance matrix, but without the keys that tell of it.

    Raises SIZE_UNKNOWN, IMPORTANCE_MISSING.
    """
    result: dict[str, int] = {}
    lengths: dict[int, int] = {}
    for name in sizes:
        recipe = choose_types(content, name, importance=importance)
        written = content.written_by(converter=recipe.size.converter)
        entries = file_metadata(written, recipe)
        alignment = _alignment(entries)
        if id(written) not in lengths:  # the same for all: only two numbers differ
            lengths[id(written)] = metadata_length(entries)
        table, places, weights = _table(recipe, alignment)
        header = len(start_bytes(len(places), len(entries))) + lengths[id(written)] + len(table)
        result[name] = header + padding(header, alignment) + weights
    return result


def _table(recipe: Recipe, alignment: int) -> tuple[bytes, list[int], int]:
    """The tensor table, the place of each tensor from the start of the weights, and the bytes of all weights."""
    table: list[bytes] = []
    places: list[int] = []
    position = 0
    for plan in recipe.tensors:
        # llama-quantize counts dimensions as ggml does, the converter writes them as they are
        shape = plan.job.shape if recipe.size.converter else trimmed(plan.job.shape)
        table.append(tensor_bytes(plan.job.name, shape, plan.type, position))
        places.append(position)
        nbytes = prod(shape[:-1]) * plan.type.row_bytes(shape[-1])
        position += nbytes + padding(nbytes, alignment)
    return b"".join(table), places, position


def file_metadata(content: GgufContent, recipe: Recipe) -> tuple[MetadataEntry, ...]:
    """All keys in file order. The converter writes the file type among the parameters and the quantization version
    before the vocabulary; llama-quantize moves both to the end."""
    file_type = MetadataEntry(FILE_TYPE_KEY, ValueType.UINT32, recipe.file_type)
    version = MetadataEntry(QUANTIZATION_VERSION_KEY, ValueType.UINT32, QUANTIZATION_VERSION)
    entries = list(content.metadata)
    if not recipe.size.converter:
        return (*entries, version, file_type)
    if content.file_type_index >= 0:  # GPT-NeoX's converter writes none
        entries.insert(content.file_type_index, file_type)
    if content.version_index < 0:
        entries.insert(_vocabulary_start(entries), version)
    else:
        entries.insert(content.version_index + (0 <= content.file_type_index <= content.version_index), version)
    return tuple(entries)


def _vocabulary_start(entries: list[MetadataEntry]) -> int:
    """Where the keys begin among which the tokenizer's model stands; a family may have set one or two earlier."""
    start = next((n for n, entry in enumerate(entries) if entry.key == "tokenizer.ggml.model"), len(entries))
    while start and entries[start - 1].key.startswith("tokenizer."):
        start -= 1
    return start


def _alignment(entries: Iterable[MetadataEntry]) -> int:
    return next((int(entry.value) for entry in entries if entry.key == ALIGNMENT_KEY), ALIGNMENT)
