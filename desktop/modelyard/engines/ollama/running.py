"""Which models are loaded, and loading and unloading them."""

from __future__ import annotations

from ..base import RunningModel
from .client import Connection


def running_models(connection: Connection) -> list[RunningModel]:
    with connection.errors():
        models = connection.official.ps().models
        return [
            RunningModel(
                name=str(each.name or each.model or ""),
                memory_bytes=int(each.size or 0),
                context_length=each.context_length,
            )
            for each in models
        ]


def unload(connection: Connection, name: str) -> None:
    """Frees its memory now. Raises ENGINE_MODEL_MISSING."""
    with connection.errors(name):
        connection.official.generate(model=name, keep_alive=0)
