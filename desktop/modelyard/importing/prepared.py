"""What the preparing step hands on: one finished GGUF."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..modelfile.persona import Persona


@dataclass(frozen=True)
class Prepared:
    """`ours`: the file lies in our workspace and may be moved. `original`: what the person gave and may now delete,
    None if nothing of theirs was copied. `persona`: the role the source brings along, for want of another."""

    path: Path
    ours: bool
    size: str
    has_template: bool
    embedding_only: bool = False
    sha256: str = ""
    projector: Path | None = None
    original: Path | None = None
    persona: Persona = field(default_factory=Persona)
    warnings: tuple[tuple[str, dict[str, Any]], ...] = field(default=())


def state_of(paths: Iterable[Path]) -> str:
    """Names, sizes and times of files: a half-made result is only taken up if its sources are the same."""
    parts = []
    for path in paths:
        status = path.stat()
        parts.append(f"{path.name}:{status.st_size}:{status.st_mtime_ns}")
    return "|".join(parts)
