"""Which models are loaded, and loading and unloading them."""

from __future__ import annotations

import time

from ..base import RunningModel
from . import names
from .client import Connection

_UNLOAD_SECONDS = 3.0


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
    """Frees its memory, and waits a little until the server has really done so. Raises ENGINE_MODEL_MISSING."""
    with connection.errors(name):
        connection.official.generate(model=name, keep_alive=0)
    deadline = time.monotonic() + _UNLOAD_SECONDS
    while time.monotonic() < deadline and any(names.same(each.name, name) for each in running_models(connection)):
        time.sleep(0.05)
