"""From the headers of a checkpoint to the content of its GGUF. Nothing is run, no weight is read."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from ..errors import Code, ModelyardError
from ..formats.checkpoint import TensorTable, architecture_of
from ..formats.ggml_types import GgmlType
from . import lazy
from .content import GgufContent, TensorJob
from .families import family_of
from .family import Family
from .general import write_general
from .keys import Keys
from .lazy import Lazy
from .model import Model

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
    return content_of(family, table, architecture, directory_name or table.name)


def content_of(
    family_class: type[Family], table: TensorTable, architecture: str, directory_name: str, outtype: str = "f16"
) -> GgufContent:
    """As gguf_content, by a family already chosen. `outtype`: see Model."""
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
            directory_name=directory_name,
            outtype=outtype,
        )
        family = family_class(model)
        keys = Keys(family.arch)
        jobs = tuple(tensor_jobs(family, table, keys))
        family.write_type(keys)
        shapes = [(job.name, job.shape) for job in jobs]
        write_general(keys, table.files, table.config, directory_name, shapes)
        family.write_parameters(keys)
        family.write_vocabulary(keys)
        metadata = keys.entries()
    except _MISFITS as error:
        detail = f"{type(error).__name__}: {error}"[:200]
        raise ModelyardError(Code.CONFIG_INVALID, name="config.json", detail=detail) from error
    return GgufContent(
        architecture=family.arch,
        metadata=metadata,
        tensors=jobs,
        original=table.original,
        file_type_index=keys.file_type_index,
        warnings=tuple(model.warnings),
    )


def tensor_jobs(family: Family, table: TensorTable, keys: Keys) -> Iterator[TensorJob]:
    """Extra tensors first, then the checkpoint's in reading order."""
    seen: set[str] = set()
    dtypes = {name: tensor.dtype for name, tensor in table.tensors.items()}
    for source, target, tensor in _changed(family, table, keys):
        name = target if target in family.own_names else family.names.find(target)
        if name is None:
            raise ModelyardError(Code.TENSOR_UNKNOWN, name=target, architecture=family.model.architecture)
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


def _changed(family: Family, table: TensorTable, keys: Keys) -> Iterator[tuple[str, str, Lazy]]:
    """(name of the source, name to map, tensor)."""
    for name, tensor in family.extra_tensors(keys):
        yield name, name, tensor
    for name, stored in table.tensors.items():
        renamed = family.rename(name)
        if renamed is None:
            continue
        tensor = lazy.stored(name, stored.dtype, stored.shape)
        for target, changed in family.change(renamed, tensor, block_of(renamed)):
            yield renamed, target, changed
    for target, changed in family.finish():
        yield target, target, changed


def block_of(name: str) -> int | None:
    """The layer a name tells: its first part that is a number."""
    return next((int(part) for part in name.split(".") if part.isdecimal()), None)


def _fixed_type(family: Family, source: str, name: str, tensor: Lazy) -> GgmlType | None:
    if len(tensor.shape) <= 1 or name.endswith("_norm.weight"):
        return GgmlType.F32
    forced = family.fixed_type(source, name, tensor)
    if forced is None and family.names.always_float32(name, block_of(source)):
        return GgmlType.F32
    return forced
