"""Inspection of a model that is already installed: to make it smaller or move it to another engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..engines.base import ModelDetails
from ..errors import Code, ModelyardError
from ..formats.split import read_set
from .inspect_gguf import inspect_gguf
from .inspection import Inspection
from .sources import LibraryModel
from .surroundings import Surroundings


def inspect_library(source: LibraryModel, surroundings: Surroundings) -> Inspection:
    """Raises ENGINE_MODEL_MISSING, and FILE_MISSING where the engine's files cannot be read by us."""
    details = surroundings.engine(source.engine).show(source.name)
    if not details.files:
        raise ModelyardError(Code.FILE_MISSING, name=source.name)
    seen = inspect_gguf(source, details.files[0], surroundings.machine, projector_of(details))
    name = source.name.partition(":")[0]
    return replace(seen, title=details.model.display_name or name, suggested_name=name)


def projector_of(details: ModelDetails) -> Path | None:
    """The projector among an installed model's files: known by its engine, whatever it is called there."""
    _, weights = read_set(details.files[0])
    return next((path for path in details.files if path not in weights), None)
