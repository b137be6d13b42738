"""What some engines can do beyond the common protocol (engines/base.py): asked by shape, not by name."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from ...engines.base import EngineStatus, InstalledModel
from ...events import CancelToken, Listener


@runtime_checkable
class Starts(Protocol):
    """Its server can be started from here."""

    def start(self, cancel: CancelToken) -> EngineStatus: ...


@runtime_checkable
class Pulls(Protocol):
    """It has a library of its own to fetch from, by name."""

    def pull(self, name: str, listener: Listener, cancel: CancelToken) -> InstalledModel: ...


@runtime_checkable
class Renames(Protocol):
    """Its models have one name, which is what people see."""

    def rename(self, name: str, destination: str) -> InstalledModel: ...
