"""Where an import happens: this computer, its folders, the engines and the way to the Hub. Made by bootstrap.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..engines.base import Engine
from ..errors import Code, ModelyardError
from ..host.folders import Folders
from ..host.machine import Machine

if TYPE_CHECKING:
    from ..hub.session import Session


@dataclass(frozen=True)
class Surroundings:
    """`engines` by id. `hub` opens a session with the chosen download source. `work` is the folder for half-made
    results. `threads`: 0 = all cores. `download_limit` in bytes a second, 0 = none; `hub_cache`: the Hugging Face cache
    to look into before fetching."""

    machine: Machine
    folders: Folders
    engines: Mapping[str, Engine]
    hub: Callable[[], Session]
    default_engine: str = "builtin"
    work: Path | None = None
    threads: int = 0
    download_limit: int = 0
    hub_cache: Path | None = None

    @property
    def work_folder(self) -> Path:
        return self.work or self.folders.work

    def engine(self, engine_id: str) -> Engine:
        """Raises USAGE for an unknown id."""
        try:
            return self.engines[engine_id]
        except KeyError:
            raise ModelyardError(Code.USAGE, detail=f"--engine {engine_id}") from None
