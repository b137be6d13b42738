"""Where an import happens: this computer, its folders, the engines and the way to the Hub. Made by bootstrap.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..engines.base import Engine
from ..errors import Code, ModelyardError
from ..host.folders import Folders
from ..host.machine import Machine


@dataclass(frozen=True)
class Surroundings:
    """`engines` by id. `work` is the folder for half-made results. `threads`: 0 = all cores."""

    machine: Machine
    folders: Folders
    engines: Mapping[str, Engine]
    default_engine: str = "builtin"
    work: Path | None = None
    threads: int = 0
    keep_originals: bool = False

    @property
    def work_folder(self) -> Path:
        return self.work or self.folders.work

    def engine(self, engine_id: str) -> Engine:
        """Raises USAGE for an unknown id."""
        try:
            return self.engines[engine_id]
        except KeyError:
            raise ModelyardError(Code.USAGE, detail=f"--engine {engine_id}") from None
