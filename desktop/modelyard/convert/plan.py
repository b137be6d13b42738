"""From the headers of a checkpoint to the content of its GGUF. Nothing is run, no weight is read."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..errors import Code, ModelyardError
from ..formats.checkpoint import Checkpoint, TensorTable, architecture_of, guessed_outtype
from ..formats.ggml_types import GgmlType
from . import lazy
from .content import GgufContent, TensorJob
from .dequantize import UnpackedTable
from .families import family_of
from .family import Family
from .general import write_general
from .kept import Kept, KeptWeight, factor_rows, finished, kept_tensors
from .keys import Keys
from .lazy import Lazy
from .model import Model
from .names import block_of

Blocks = Sequence[tuple[set[str], Kept | None]]

# What a configuration or tokenizer that is not what it says leads to, deep inside; told as CONFIG_INVALID.
_MISFITS = (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError, RecursionError, MemoryError)


def gguf_content(table: TensorTable, *, directory_name: str | None = None) -> GgufContent:
    """The text model in `table` (a checkpoint, or one seen unpacked or with an add-on merged).

    directory_name: the folder's name, from which general.name is guessed; default: the table's own.
    Raises FAMILY_UNKNOWN, CONFIG_KEY_MISSING, CONFIG_INVALID, TENSOR_UNKNOWN, TENSOR_MISSING, TOKENIZER_MISSING,
    TOKENIZER_INVALID, CHECKPOINT_NO_ARCHITECTURE.
    """
    architecture = architecture_of(table.config, table.name)
    family = family_of(architecture)
    name = directory_name or table.name
    content = content_of(family, table, architecture, name)
    if not isinstance(table, UnpackedTable) or not table.kept:
        return content
    return replace(content, kept=content_of(family, table, architecture, name, kept=table.kept))


def content_of(
    family_class: type[Family],
    table: TensorTable,
    architecture: str,
    directory_name: str,
    outtype: str = "f16",
    kept: Mapping[str, KeptWeight] | None = None,
) -> GgufContent:
    """As gguf_content, by a family already chosen. `outtype`: see Model. `kept`: weights to leave in their blocks."""
    logging.getLogger("gguf").setLevel(logging.ERROR)  # its writer tells every key it is given
    try:
        config = family_class.read(table.config)
        model = Model(
            files=table.files,
            config=config,
            raw=table.config,
            tensors=table.tensors,
            peek=table.peek,
            architecture=architecture,
            outtype=outtype,
            alike=table.alike,
        )
        family = family_class(model)
        keys = Keys(family.arch)
        blocks = list(kept_tensors(family_class(model), kept)) if kept else []
        jobs = tuple(tensor_jobs(family, table, keys, blocks))
        family.write_type(keys)
        shapes = [(job.name, job.shape) for job in jobs]
        write_general(keys, table.files, table.config, directory_name, shapes)
        family.write_parameters(keys)
        version_index = len(keys.kv_data[0])
        _write_precision(family, blocks, keys)
        family.write_vocabulary(keys)
        metadata = keys.entries()
    except _MISFITS as error:
        detail = f"{type(error).__name__}: {error}"[:200]
        raise ModelyardError(Code.CONFIG_INVALID, name="config.json", detail=detail) from error
    return GgufContent(
        architecture=family.arch,
        metadata=metadata,
        tensors=jobs,
        original=_original(family, table),
        file_type_index=keys.file_type_index,
        warnings=tuple(model.warnings),
        version_index=version_index,
    )


def _original(family: Family, table: TensorTable) -> str:
    """What `auto` would choose: tensors that are not part of the model have no say (conversion/base.py,
    index_tensors filters them first). An unpacked or merged checkpoint has decided already."""
    if not isinstance(table, Checkpoint):
        return table.original
    return guessed_outtype(tensor for name, tensor in table.tensors.items() if family.rename(name) is not None)


def _write_precision(family: Family, blocks: Blocks, keys: Keys) -> None:
    """Which weights in blocks must not have their input made four-bit too (conversion/base.py, _tag_prec_a4)."""
    names = sorted(_mapped(family, kept.target) for _, kept in blocks if kept is not None and kept.weight_only)
    if names:
        keys.add_array("general.tensor_extra.name", names)
        keys.add_array("general.tensor_extra.prec_a4", [False] * len(names))


def _mapped(family: Family, target: str) -> str:
    """llama.cpp's name. Raises TENSOR_UNKNOWN."""
    name = target if family.is_own_name(target) else family.names.find(target)
    if name is None:
        raise ModelyardError(Code.TENSOR_UNKNOWN, name=target, architecture=family.model.architecture)
    return name


def tensor_jobs(family: Family, table: TensorTable, keys: Keys, blocks: Blocks = ()) -> Iterator[TensorJob]:
    """Weights left in their blocks, extra tensors, then the checkpoint's in reading order."""
    seen: set[str] = set()
    for kept in (kept for _, kept in blocks if kept is not None):
        for job in _kept_jobs(_mapped(family, kept.target), kept):
            seen.add(job.name)
            yield job
    done = {name for names, _ in blocks for name in names}
    dtypes = {name: tensor.dtype for name, tensor in table.tensors.items()}
    for source, target, tensor in _changed(family, table, keys, done):
        name = _mapped(family, target)
        if name in seen:
            raise ModelyardError(Code.TENSOR_UNKNOWN, name=f"{target} (twice)", architecture=family.model.architecture)
        seen.add(name)
        yield TensorJob(
            name=name,
            shape=tensor.shape,
            sources=tensor.sources,
            source_dtype=dtypes.get(tensor.sources[0], tensor.dtype) if tensor.sources else "F32",
            rows=tensor.read,
            fixed_type=_fixed_type(family, source, name, tensor),
            whole=tensor.whole,
        )


def _kept_jobs(name: str, kept: Kept) -> Iterator[TensorJob]:
    tensor = finished(kept.tensor)
    yield TensorJob(name, tensor.shape, tensor.sources, "U8", tensor.read, GgmlType.NVFP4)
    for ending, numbers in kept.factors:
        own = f"{name.removesuffix('.weight')}{ending}"
        yield TensorJob(own, numbers.shape, (), "F32", factor_rows(numbers), GgmlType.F32)


def _changed(family: Family, table: TensorTable, keys: Keys, done: set[str]) -> Iterator[tuple[str, str, Lazy]]:
    """(name of the source, name to map, tensor), without those in `done`."""
    for name, tensor in family.extra_tensors(keys):
        yield name, name, tensor
    for name, stored in table.tensors.items():
        renamed = family.rename(name)
        if renamed is None or name in done:
            continue
        tensor = lazy.stored(name, stored.dtype, stored.shape)
        for target, changed in family.change(renamed, tensor, block_of(renamed)):
            yield renamed, target, changed
    for target, changed in family.finish():
        yield target, target, changed


def _fixed_type(family: Family, source: str, name: str, tensor: Lazy) -> GgmlType | None:
    if len(tensor.shape) <= 1 or name.endswith("_norm.weight"):
        return GgmlType.F32
    forced = family.fixed_type(source, name, tensor)
    if forced is None and family.names.always_float32(name, block_of(source)):
        return GgmlType.F32
    return forced
