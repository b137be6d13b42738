"""A person's GGUF made smaller, mended, or a split set made one file. The original is never changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..convert.content import MetadataEntry
from ..formats.gguf_facts import facts
from ..formats.gguf_repair import repairs
from ..formats.source import FileSource
from ..formats.split import GgufSet, read_set
from ..quantize.gguf_sets import changed, merge
from ..quantize.gguf_source import GgufFile, GgufWeights, stored_content
from ..quantize.layout import exact_sizes
from ..quantize.sizes import offered
from .inspection import AS_IS
from .prepared import Prepared, state_of
from .work import Work

_WORTH_IT = 0.95  # a size that saves less than this is not offered


def smaller_sizes(
    whole: GgufSet, paths: tuple[Path, ...], size_bytes: int, *, importance: bool = False
) -> dict[str, int]:
    """Exact bytes of every size that is smaller than the file. `importance`: with an importance matrix."""
    content = stored_content(_files(whole, paths))
    names = [size.name for size in offered(importance=importance)]
    sizes = exact_sizes(content, names, importance=importance)
    return {name: each for name, each in sizes.items() if each < size_bytes * _WORTH_IT}


def rewrite(whole: GgufSet, paths: tuple[Path, ...], work: Work) -> Prepared:
    """Raises as quantize.writer.write_gguf."""
    files = _files(whole, paths)
    changes = _changes(whole, paths[0]) if work.plan.choice.repair else []
    warnings: tuple[tuple[str, dict[str, str]], ...] = ()
    if work.plan.choice.size == AS_IS:
        written = merge(
            files,
            work.result,
            listener=work.listener,
            cancel=work.cancel,
            threads=work.threads,
            identity=state_of(paths),
            changes=changes,
        )
    else:
        content = stored_content(files)
        content = replace(content, metadata=changed(content.metadata, changes))
        warnings = content.warnings
        written = work.write(content, GgufWeights(files), state_of(paths))
    known = facts(read_set(written.path)[0].header)
    return Prepared(
        path=written.path,
        ours=True,
        size=known.size,
        has_template=bool(known.chat_template),
        embedding_only=known.is_embedding,
        sha256=written.sha256,
        warnings=warnings,
    )


def _changes(whole: GgufSet, path: Path) -> list[MetadataEntry]:
    with FileSource(path) as source:
        return [MetadataEntry(each.key, each.type, each.value) for each in repairs(source, whole.header)]


def _files(whole: GgufSet, paths: tuple[Path, ...]) -> list[GgufFile]:
    return [GgufFile(path, header) for path, header in zip(paths, whole.parts, strict=True)]
