"""The models a server has, from raw /api/tags: the official client drops capabilities and remote models."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..base import InstalledModel
from . import names
from .client import Connection

ENGINE_ID = "ollama"
_SCALE = {"K": 1_000, "M": 1_000_000, "B": 1_000_000_000, "T": 1_000_000_000_000}


@dataclass(frozen=True)
class Tag:
    """One entry: `digest` is the manifest's, which changes whenever the model does."""

    name: str
    digest: str
    record: Mapping[str, Any]


def tags(connection: Connection) -> list[Tag]:
    """Newest first, as the server lists them."""
    answer = connection.get("/api/tags")
    models = answer.get("models")
    entries = models if isinstance(models, list) else []
    return [
        Tag(str(entry.get("name") or entry.get("model") or ""), str(entry.get("digest") or ""), entry)
        for entry in entries
        if isinstance(entry, dict)
    ]


def find_tag(connection: Connection, name: str) -> Tag | None:
    """The model that Ollama means by `name`, whatever its case."""
    return next((tag for tag in tags(connection) if names.same(tag.name, name)), None)


def installed(tag: Tag) -> InstalledModel:
    record = tag.record
    details = record.get("details")
    details = details if isinstance(details, dict) else {}
    capabilities = record.get("capabilities")
    return InstalledModel(
        engine=ENGINE_ID,
        name=tag.name,
        display_name=tag.name.removesuffix(f":{names.DEFAULT_TAG}"),
        architecture=str(details.get("family") or ""),
        parameters=parameter_count(str(details.get("parameter_size") or "")),
        size_label=str(details.get("quantization_level") or ""),
        size_bytes=_whole(record.get("size")) or 0,
        modified=unix_seconds(str(record.get("modified_at") or "")),
        context_length=_whole(details.get("context_length")) or None,
        capabilities=tuple(map(str, capabilities)) if isinstance(capabilities, list) else (),
        remote=bool(record.get("remote_model") or record.get("remote_host")),
    )


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def parameter_count(text: str) -> int | None:
    """ "134.52M" → 134520000."""
    found = re.fullmatch(r"([\d.]+)([KMBT]?)", text.strip().upper())
    if not found:
        return None
    try:
        return round(float(found[1]) * _SCALE.get(found[2], 1))
    except ValueError:
        return None


def unix_seconds(text: str) -> float:
    """Go's time with nanoseconds and zone; 0 if it is none."""
    found = re.fullmatch(r"(.{19})(\.\d{1,6})?\d*(Z|[+-]\d\d:\d\d)", text)
    if not found:
        return 0.0
    zone = "+00:00" if found[3] == "Z" else found[3]
    try:
        return datetime.datetime.fromisoformat(f"{found[1]}{found[2] or ''}{zone}").timestamp()
    except ValueError:
        return 0.0
