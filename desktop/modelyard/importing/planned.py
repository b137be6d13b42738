"""What a checkpoint becomes: the model's content and that of its vision part.

Looking at a folder and preparing it need the same, which costs a second for a large vocabulary: the last one is kept
for as long as the files of its folder stay as they are.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from ..convert.content import GgufContent
from ..convert.plan import gguf_content
from ..convert.projector import projector_content
from ..formats.checkpoint import TensorTable
from .prepared import state_of

PROJECTOR_SIZE = "f16"  # small beside the model, and what llama.cpp's users publish


@dataclass(frozen=True)
class Contents:
    """`projector`: the vision part, None if there is none."""

    model: GgufContent
    projector: GgufContent | None


def contents_of(table: TensorTable) -> Contents:
    """Raises as convert.plan.gguf_content."""
    return Contents(gguf_content(table), projector_content(table, outtype=PROJECTOR_SIZE))


def remembered_contents(path: Path, table: TensorTable) -> Contents:
    """contents_of a local folder, shard or zip at `path`, seen unpacked. Raises as contents_of, OSError."""
    key = (path, folder_state(path))
    with _LAST.lock:
        if _LAST.contents is None or _LAST.key != key:
            _LAST.key, _LAST.contents = key, contents_of(table)
        return _LAST.contents


def folder_state(path: Path) -> str:
    """Names, sizes and times of everything a plan may depend on."""
    if path.suffix.lower() == ".zip":
        return state_of([path])
    folder = path if path.is_dir() else path.parent
    return state_of(each for each in sorted(folder.iterdir()) if each.is_file())


@dataclass
class _Last:
    lock: threading.Lock = field(default_factory=threading.Lock)
    key: object = None
    contents: Contents | None = None


_LAST = _Last()
