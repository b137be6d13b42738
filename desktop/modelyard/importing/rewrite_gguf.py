"""A person's GGUF made smaller, or a split set made one file. The original is never changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..convert.content import MetadataEntry
from ..events import CancelToken, Listener
from ..formats.gguf_repair import repairs
from ..formats.source import FileSource
from ..formats.split import GgufSet
from ..quantize.gguf_sets import merge
from ..quantize.gguf_source import GgufFile, GgufWeights, stored_content
from ..quantize.layout import exact_sizes
from ..quantize.sizes import offered
from ..quantize.writer import write_gguf
from .imatrix import read_importance
from .inspection import AS_IS
from .plan import ImportPlan
from .prepared import state_of
from .surroundings import Surroundings

_WORTH_IT = 0.95  # a size that saves less than this is not offered


@dataclass(frozen=True)
class Rewritten:
    path: Path
    sha256: str
    warnings: tuple[tuple[str, dict[str, Any]], ...] = ()


def smaller_sizes(whole: GgufSet, paths: tuple[Path, ...], size_bytes: int) -> dict[str, int]:
    """Exact bytes of every size that is smaller than the file."""
    content = stored_content(_files(whole, paths))
    sizes = exact_sizes(content, [size.name for size in offered()])
    return {name: each for name, each in sizes.items() if each < size_bytes * _WORTH_IT}


def rewrite(
    whole: GgufSet,
    paths: tuple[Path, ...],
    plan: ImportPlan,
    destination: Path,
    surroundings: Surroundings,
    listener: Listener,
    cancel: CancelToken,
) -> Rewritten:
    """Raises as quantize.writer.write_gguf."""
    files = _files(whole, paths)
    threads = surroundings.threads or None
    if plan.choice.size == AS_IS:
        written = merge(files, destination, listener=listener, cancel=cancel, threads=threads, identity=state_of(paths))
        return Rewritten(written.path, written.sha256)
    content = stored_content(files)
    written = write_gguf(
        content,
        plan.choice.size,
        GgufWeights(files),
        destination,
        listener=listener,
        cancel=cancel,
        threads=threads,
        importance=read_importance(plan.choice.imatrix),
        identity=state_of(paths),
    )
    return Rewritten(written.path, written.sha256, content.warnings)


def _changes(whole: GgufSet, path: Path) -> list[MetadataEntry]:
    with FileSource(path) as source:
        return [MetadataEntry(each.key, each.type, each.value) for each in repairs(source, whole.header)]


def _files(whole: GgufSet, paths: tuple[Path, ...]) -> list[GgufFile]:
    return [GgufFile(path, header) for path, header in zip(paths, whole.parts, strict=True)]
