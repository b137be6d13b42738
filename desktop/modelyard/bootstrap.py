"""The composition root: the one file that knows every concrete class. Nobody imports it but the entry points."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from .host.folders import Folders, folders_at
from .host.settings import Settings

if TYPE_CHECKING:
    from .engines.base import Engine
    from .importing.surroundings import Surroundings


@dataclass(frozen=True)
class House:
    """Everything built from the settings of one data folder. What costs time is made when first asked for."""

    folders: Folders
    settings: Settings

    @cached_property
    def engines(self) -> Mapping[str, Engine]:
        from .engines.builtin.engine import BuiltinEngine
        from .engines.ollama.engine import OllamaEngine

        models = self.settings.text("models_folder")
        return {
            "builtin": BuiltinEngine(
                Path(models) if models else self.folders.models,
                threads=self.settings.number("threads"),
                gpu_layers=self.settings.number("gpu_layers"),
            ),
            "ollama": OllamaEngine(self.settings.text("ollama_address")),
        }

    @cached_property
    def surroundings(self) -> Surroundings:
        from .host.machine import this_machine
        from .importing.surroundings import Surroundings

        work = self.settings.text("work_folder")
        return Surroundings(
            machine=this_machine(),
            folders=self.folders,
            engines=self.engines,
            default_engine=self.default_engine(),
            work=Path(work) if work else None,
            threads=self.settings.number("threads"),
            keep_originals=self.settings.flag("keep_originals"),
        )

    def default_engine(self) -> str:
        chosen = self.settings.text("engine")
        return chosen if chosen != "auto" else "builtin"

    def close(self) -> None:
        if "engines" in self.__dict__:
            for engine in self.engines.values():
                engine.close()


def build_house(data_dir: Path | None) -> House:
    """Raises FOLDER_NOT_WRITABLE."""
    folders = folders_at(data_dir)
    folders.make()
    return House(folders, Settings(folders.settings_file))


def child_main(role: str, arguments: list[str]) -> int:
    """A child of ours: the engine, or the worker that runs one job."""
    if role == "engine":
        from .engines.builtin.child import main as engine_child

        return engine_child()
    from .host.logs import log_to
    from .importing.worker import main as worker

    house = build_house(_window_arguments(arguments).data_dir)
    log_to(house.folders.logs, "worker")
    try:
        return worker(house.surroundings)
    finally:
        house.close()


def window_main(arguments: list[str]) -> int:
    options = _window_arguments(arguments)
    house = build_house(options.data_dir)
    try:
        from .ui.app import run

        return run(house, [str(each) for each in options.files])
    finally:
        house.close()


def _window_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="modelyard")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("files", nargs="*")
    options, _ = parser.parse_known_args(arguments)
    return options


if __name__ == "__main__":
    sys.exit("start the program with: python -m modelyard")
