"""Size → the type of every tensor of a content, in file order.

Two sets of rules. The converter's (lower-case sizes): every tensor that is not always F32 gets the outtype, in the
order of the content. llama-quantize's: mixtures, in the order of layers and names. llama-quantize reads a GGUF in the
source's own precision, which here never exists as a file; `through` says where its rounding counts all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..convert.content import GgufContent, TensorJob
from ..errors import Code, ModelyardError
from ..formats.ggml_types import GgmlType
from .categories import file_order, may_quantize
from .gguf_source import StoredContent
from .mixtures import Mixture, fitting
from .model_facts import TensorFacts, facts_of
from .sizes import SIZES, Size, find_size

_BLOCK_FILE_TYPES = {GgmlType.MXFP4: 38, GgmlType.NVFP4: 39}  # of files whose weights stay in their own blocks
_NEEDS_IMPORTANCE = frozenset(
    {GgmlType.IQ3_XXS, GgmlType.IQ2_XXS, GgmlType.IQ2_XS, GgmlType.IQ2_S, GgmlType.IQ1_M, GgmlType.IQ1_S}
)
_SERVED_WITHOUT = ("token_embd.weight", "per_layer_token_embd.weight", "output.weight")
_FULL = ("F32", "F64")
_NO_FLOATS = frozenset({GgmlType.I8, GgmlType.I16, GgmlType.I32, GgmlType.I64, GgmlType.F64})


@dataclass(frozen=True)
class TensorPlan:
    """One tensor of the file: its job, its type there, the type its RAW rows have, and the 16-bit type its weights
    are rounded to first, None if they are used as they are."""

    job: TensorJob
    type: GgmlType
    source: GgmlType
    through: GgmlType | None = None


@dataclass(frozen=True)
class Recipe:
    """The tensors in file order. `file_type` is the value of general.file_type."""

    size: Size
    file_type: int
    tensors: tuple[TensorPlan, ...]


def choose_types(content: GgufContent, size_name: str, *, importance: bool = False) -> Recipe:
    """The recipe of a size by name. `importance`: an importance matrix is at hand. A stored content (a GGUF) knows
    only llama-quantize's sizes; the converter's names mean the same there.

    Raises SIZE_UNKNOWN, IMPORTANCE_MISSING.
    """
    size = find_size(size_name, content.original)
    if size.converter and isinstance(content, StoredContent):
        size = SIZES[size.name.upper()]
    if size.importance and not importance:
        raise ModelyardError(Code.IMPORTANCE_MISSING, size=size.name)
    if size.converter:
        return _by_converter(content.written_by(converter=True), size)
    return _by_quantizer(content, size, importance)


def _by_converter(content: GgufContent, size: Size) -> Recipe:
    """conversion/base.py, prepare_tensors: rows that are no whole number of blocks become F16."""
    plans = []
    for job in content.tensors:
        kind = fitting(size.type, job.shape[-1]) if job.fixed_type is None else job.fixed_type
        plans.append(TensorPlan(job, kind, kind))
    kept = {_BLOCK_FILE_TYPES[job.fixed_type] for job in content.tensors if job.fixed_type in _BLOCK_FILE_TYPES}
    return Recipe(size, max(kept) if kept and not size.quantized else size.file_type, tuple(plans))


def _by_quantizer(content: GgufContent, size: Size, importance: bool) -> Recipe:
    jobs = sorted(content.tensors, key=lambda job: file_order(job.name))
    model = facts_of(content.architecture, content.metadata)
    mixture = Mixture(size, model, [job.name for job in jobs], importance=importance)
    between = _between(content)
    plans = []
    for job in jobs:
        source = _stored_type(job, between)
        tensor = TensorFacts(job.name, job.shape, source)
        if _stays(job, source) or not may_quantize(model.architecture, tensor):
            plans.append(TensorPlan(job, source, source))
            continue
        chosen = mixture.type_of(tensor)
        if not importance and needs_importance(job.name, chosen, size):
            raise ModelyardError(Code.IMPORTANCE_MISSING, size=size.name)
        rounded = between in (GgmlType.F16, GgmlType.BF16) and chosen is not source
        plans.append(TensorPlan(job, chosen, source, between if rounded else None))
    return Recipe(size, size.file_type, tuple(plans))


def needs_importance(name: str, chosen: GgmlType, size: Size) -> bool:
    """Whether llama-quantize refuses this type for this tensor without importance weights."""
    if name in _SERVED_WITHOUT:
        return False
    return chosen in _NEEDS_IMPORTANCE or (chosen is GgmlType.Q2_K and size.name == "Q2_K_S")


def _between(content: GgufContent) -> GgmlType | None:
    """The type of the GGUF which llama-quantize would read of a checkpoint: the checkpoint's own. None for a GGUF,
    where each tensor has its own. The converter's `auto` makes F16 of a checkpoint in float32; nobody would start
    from that."""
    if isinstance(content, StoredContent):
        return None
    if all(job.source_dtype in _FULL for job in content.tensors if len(job.shape) > 1):
        return GgmlType.F32
    return SIZES[content.original].type


def _stored_type(job: TensorJob, between: GgmlType | None) -> GgmlType:
    if job.fixed_type is not None:
        return job.fixed_type
    return GgmlType[job.source_dtype] if between is None else between


def _stays(job: TensorJob, source: GgmlType) -> bool:
    """gpt-oss was trained in MXFP4: making other blocks of them only loses quality. Integers are no weights."""
    fixed_blocks = job.fixed_type is not None and source.block_elements > 1
    return fixed_blocks or source is GgmlType.MXFP4 or source in _NO_FLOATS
