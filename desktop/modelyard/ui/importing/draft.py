"""The answers of one walk through the wizard. Back loses nothing: pages read and write this and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...importing.inspection import Inspection
from ...importing.plan import ImportChoice, ImportPlan


@dataclass
class Draft:
    """text: what was typed, dropped or picked; base: the same for an add-on's base, if another than it names.
    Inspection and plan are missing until they are known."""

    text: str = ""
    base: str = ""
    inspection: Inspection | None = None
    choice: ImportChoice = field(default_factory=ImportChoice)
    plan: ImportPlan | None = None
    job_id: str = ""
