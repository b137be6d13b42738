"""What a checkpoint becomes: the model's content and that of its vision part.

Looking at a folder and preparing it need the same, which costs a second for a large vocabulary: the last one is kept
for as long as the files of its folder stay as they are.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..convert.content import GgufContent
from ..convert.plan import gguf_content
from ..convert.projector import has_encoder, projector_content
from ..errors import ModelyardError
from ..formats.checkpoint import TensorTable
from .prepared import state_of

_log = logging.getLogger(__name__)

PROJECTOR_SIZE = "f16"  # small beside the model, and what llama.cpp's users publish


@dataclass(frozen=True)
class Contents:
    """`projector`: the vision part, None if there is none."""

    model: GgufContent
    projector: GgufContent | None


def contents_of(table: TensorTable) -> Contents:
    """An encoder for pictures that cannot be converted does not stop the text model: a warning says so. Raises as
    convert.plan.gguf_content."""
    model = gguf_content(table)
    try:
        projector = projector_content(table, outtype=PROJECTOR_SIZE)
    except ModelyardError as error:
        _log.warning("pictures are left out: %s", error)
        projector = None
    if projector is None and has_encoder(table):
        model = replace(model, warnings=(*model.warnings, ("pictures_left_out", {})))
    return Contents(model, projector)


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
