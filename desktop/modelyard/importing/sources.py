"""Source: what a person has, understood from what was typed, dropped or picked. Only names and folder listings are
looked at here; contents are read by inspection."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class GgufFile:
    """A ready-to-run file. Of a split set, the first shard."""

    path: Path


@dataclass(frozen=True)
class CheckpointFolder:
    """A model folder, a shard inside one, or a zip of one."""

    path: Path


@dataclass(frozen=True)
class AdapterFolder:
    """A LoRA add-on, also in a zip; `base` names where the base model is (folder, GGUF or Hugging Face id) if known."""

    path: Path
    base: str = ""


@dataclass(frozen=True)
class HubRepo:
    """A repository on Hugging Face (or a mirror). `file` or `size` narrow what is meant; `base` is an add-on's, see
    AdapterFolder."""

    id: str
    revision: str = "main"
    file: str = ""
    size: str = ""
    base: str = ""


@dataclass(frozen=True)
class LibraryModel:
    """A model already installed in an engine (made smaller, moved to another engine)."""

    engine: str
    name: str


Source = GgufFile | CheckpointFolder | AdapterFolder | HubRepo | LibraryModel


def shown(source: Source) -> str:
    """A short text for lists: the file's or folder's name, the repository's id."""
    match source:
        case HubRepo(id=repository):
            return repository
        case LibraryModel(name=name):
            return name
        case _:
            return source.path.name
