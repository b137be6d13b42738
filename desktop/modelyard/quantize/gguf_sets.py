"""Sets of GGUF shards: several files made one, one made several, as llama-gguf-split does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..convert.content import MetadataEntry, ValueType
from ..events import CancelToken, Listener
from ..formats.ggml_types import GgmlType
from ..formats.source import FileSource
from .gguf_source import GgufFile, GgufWeights, metadata_entry, stored_content
from .header import ALIGNMENT, padding
from .layout import Layout, place
from .passage import Work
from .recipes import Recipe, TensorPlan
from .sizes import F32
from .writer import WrittenFile, cores, write_layout

_NUMBER = "split.no"
_COUNT = "split.count"
_TENSORS = "split.tensors.count"


def merge(
    files: Sequence[GgufFile],
    destination: Path,
    *,
    listener: Listener,
    cancel: CancelToken,
    threads: int | None = None,
    identity: str = "",
    changes: Sequence[MetadataEntry] = (),
) -> WrittenFile:
    """One file of all shards, given in order, with `changes` in its metadata. Raises as writer.write_layout and
    gguf_source.stored_content."""
    work = Work(listener, cancel, threads or cores())
    return write_layout(merged_layout(files, changes), GgufWeights(files), destination, work, identity)


def merged_layout(files: Sequence[GgufFile], changes: Sequence[MetadataEntry] = ()) -> Layout:
    """The layout of the one file: tensors as they follow in the shards, metadata of the first with a shard count of 0
    at the end (llama-gguf-split's sign that nothing is left to merge)."""
    stored = _all_metadata(files[0])
    entries = [entry for entry in stored if entry.key != _COUNT]
    if len(files) > 1 or len(entries) < len(stored):
        entries.append(MetadataEntry(_COUNT, ValueType.UINT16, 0))
    return place(_as_they_are(_plans(files)), changed(entries, changes))


def changed(entries: Sequence[MetadataEntry], changes: Sequence[MetadataEntry]) -> tuple[MetadataEntry, ...]:
    """The entries with some replaced in their place and new ones at the end."""
    wanted = {entry.key: entry for entry in changes}
    kept = [wanted.pop(entry.key, entry) for entry in entries]
    return (*kept, *wanted.values())


def split_layouts(file: GgufFile, max_bytes: int) -> list[Layout]:
    """The layouts of the shards of one file, with at most `max_bytes` of weights each, but at least one tensor."""
    groups: list[list[TensorPlan]] = [[]]
    filled = 0
    for plan, tensor in zip(_plans([file]), file.header.tensors, strict=True):
        nbytes = tensor.nbytes + padding(tensor.nbytes, ALIGNMENT)
        if groups[-1] and filled + nbytes > max_bytes:
            groups.append([])
            filled = 0
        groups[-1].append(plan)
        filled += nbytes
    kept = tuple(entry for entry in _all_metadata(file) if entry.key not in (_NUMBER, _COUNT, _TENSORS))
    return [
        place(_as_they_are(group), (kept if number == 0 else ()) + _set_keys(number, len(groups), file))
        for number, group in enumerate(groups)
    ]


def split(
    file: GgufFile, destination: Path, max_bytes: int, *, listener: Listener, cancel: CancelToken
) -> list[WrittenFile]:
    """Shards `<stem>-00001-of-0000N.gguf` in the folder of `destination`. Raises as merge."""
    layouts = split_layouts(file, max_bytes)
    weights, work = GgufWeights([file]), Work(listener, cancel, cores())
    return [
        write_layout(layout, weights, shard_path(destination, number, len(layouts)), work)
        for number, layout in enumerate(layouts)
    ]


def shard_path(destination: Path, number: int, count: int) -> Path:
    """The name of shard `number` (from 0) of `count`."""
    return destination.with_name(f"{destination.stem}-{number + 1:05d}-of-{count:05d}.gguf")


def _set_keys(number: int, count: int, file: GgufFile) -> tuple[MetadataEntry, ...]:
    return (
        MetadataEntry(_NUMBER, ValueType.UINT16, number),
        MetadataEntry(_TENSORS, ValueType.INT32, len(file.header.tensors)),
        MetadataEntry(_COUNT, ValueType.UINT16, count),
    )


def _all_metadata(file: GgufFile) -> list[MetadataEntry]:
    with FileSource(file.path) as source:
        return [metadata_entry(source, entry) for entry in file.header.metadata.values()]


def _plans(files: Sequence[GgufFile]) -> list[TensorPlan]:
    jobs = stored_content(files).tensors
    return [TensorPlan(job, GgmlType[job.source_dtype], GgmlType[job.source_dtype]) for job in jobs]


def _as_they_are(plans: Sequence[TensorPlan]) -> Recipe:
    return Recipe(F32, F32.file_type, tuple(plans))
