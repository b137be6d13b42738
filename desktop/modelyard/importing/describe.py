"""What the built-in engine wants to know of a GGUF, read by formats/."""

from __future__ import annotations

from pathlib import Path

from ..engines.facts import ModelFacts
from ..formats.gguf_facts import GgufFacts, facts
from ..formats.split import read_set

_CONTEXTS = (2048, 4096, 8192, 16384, 32768, 65536, 131072)


def describe(path: Path) -> ModelFacts:
    """Raises the GGUF_* codes, FILE_MISSING, FILE_UNREADABLE."""
    whole, _ = read_set(path)
    known = facts(whole.header)
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
        cache_bytes={} if known.memory is None else {each: known.memory.bytes_for(each) for each in _CONTEXTS},
        metadata=_worth_showing(known),
    )


def _worth_showing(known: GgufFacts) -> dict[str, str | int]:
    rows: dict[str, str | int | None] = {
        "name": known.name,
        "layers": known.block_count,
        "embedding": known.embedding_length,
        "vocabulary": known.vocabulary,
        "tokenizer": known.tokenizer,
        "pre_tokenizer": known.pre_tokenizer,
        "base_model": ", ".join(known.base_models),
        "licence_url": known.licence_link,
    }
    return {key: value for key, value in rows.items() if value}
