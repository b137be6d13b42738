"""A GGUF's facts as engines that keep files themselves want them (engines know no file formats)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..engines.facts import ModelFacts
from ..formats.gguf_facts import facts
from ..formats.gguf_values import GgufHeader
from ..formats.split import read_set

_CONTEXTS = (2048, 4096, 8192, 16384, 32768, 65536, 131072)
_LONGEST_VALUE = 400  # characters; longer texts (templates, licences) are no table rows


def describe(path: Path) -> ModelFacts:
    """Reads headers only. Raises the GGUF_* codes, FILE_MISSING, FILE_UNREADABLE."""
    group, _ = read_set(path)
    known = facts(group.header)
    memory = known.memory
    return ModelFacts(
        architecture=known.architecture,
        parameters=known.parameters,
        size_label=known.size,
        context_length=known.context_length,
        weight_bytes=known.weight_bytes,
        chat_template=known.chat_template,
        licence=known.licence,
        is_embedding=known.is_embedding,
        has_towers=known.has_towers,
        cache_bytes={context: memory.bytes_for(context) for context in _CONTEXTS} if memory else {},
        metadata=_rows(group.header),
    )


def _rows(header: GgufHeader) -> Mapping[str, str | int | float | bool]:
    """The short values, as rows of a table."""
    rows: dict[str, str | int | float | bool] = {}
    for key, entry in header.metadata.items():
        if isinstance(entry.value, str):
            text = header.text(key)
            if len(text) <= _LONGEST_VALUE:
                rows[key] = text
        elif entry.value is not None and not isinstance(entry.value, tuple):
            rows[key] = entry.value
    return rows
