"""Starting an engine that is installed and does not run."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from ...engines.base import EngineStatus
from ...errors import ModelyardError
from ...events import CancelToken
from ..background import Call, in_background
from ..context import Context
from .abilities import Starts


def start_engine(
    owner: QObject,
    context: Context,
    engine_id: str,
    done: Callable[[EngineStatus], None],
    failed: Callable[[ModelyardError], None],
) -> Call:
    """An engine that needs no starting is simply asked how it is."""
    engines = context.services.engines

    def start(token: CancelToken) -> EngineStatus:
        engine = engines()[engine_id]
        return engine.start(token) if isinstance(engine, Starts) else engine.status()

    return in_background(owner, start, done, failed)
