"""Inspection of a model that is already installed: to make it smaller or move it to another engine."""

from __future__ import annotations

from dataclasses import replace

from ..errors import Code, ModelyardError
from .inspect_gguf import inspect_gguf
from .inspection import Inspection
from .sources import LibraryModel
from .surroundings import Surroundings


def inspect_library(source: LibraryModel, surroundings: Surroundings) -> Inspection:
    """Raises ENGINE_MODEL_MISSING, and FILE_MISSING where the engine's files cannot be read by us."""
    details = surroundings.engine(source.engine).show(source.name)
    if details.model.location is None:
        raise ModelyardError(Code.FILE_MISSING, name=source.name)
    seen = inspect_gguf(source, details.model.location, surroundings.machine)
    name = source.name.partition(":")[0]
    return replace(seen, title=details.model.display_name or name, suggested_name=name)
