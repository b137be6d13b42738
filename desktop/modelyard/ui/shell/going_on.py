"""What a page works on that would stop if the window closed now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class GoingOn:
    """Two sentences: what runs, and what happens to it if the window closes."""

    what: str
    then: str


@runtime_checkable
class Works(Protocol):
    """A page with long work of its own (imports are jobs: ui/jobs.py)."""

    def going_on(self) -> list[GoingOn]: ...
