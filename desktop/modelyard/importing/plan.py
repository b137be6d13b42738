"""ImportPlan: everything that will happen, known before the first byte; the person confirms it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..events import Step
from ..modelfile.persona import Persona
from .inspection import Note
from .sources import Source

NO_ENGINE = "none"


@dataclass(frozen=True)
class ImportChoice:
    """What the person decided. Empty values are filled in by planning."""

    size: str = ""
    engine: str = ""  # "builtin", "ollama", or "none": only write the file
    name: str = ""
    display_name: str = ""
    persona: Persona = field(default_factory=Persona)
    output: Path | None = None  # where to write the file when engine is "none"
    keep_original: bool = False  # of what is fetched; a person's own files always stay
    replace: bool = False
    imatrix: Path | None = None
    repair: bool = False  # what the inspection proposes to repair, in our copy


@dataclass(frozen=True)
class PlannedStep:
    """One step; `total` bytes to move (0 = not measured in bytes)."""

    step: Step
    total: int = 0


@dataclass(frozen=True)
class DriveUse:
    """One drive: bytes free now, used at the peak, and used when all is done (both counted from now)."""

    folder: str
    free: int
    peak: int
    after: int


@dataclass(frozen=True)
class ImportPlan:
    source: Source
    choice: ImportChoice  # complete: size, engine, name filled
    steps: tuple[PlannedStep, ...]
    drives: tuple[DriveUse, ...]
    result_bytes: int
    form: str
    sources_bytes: int = 0
    warnings: tuple[Note, ...] = ()  # of the engine it goes to
