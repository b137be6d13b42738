"""Which of a folder's files are the model's weights, in llama.cpp's order."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from ..errors import Code, ModelyardError
from .checkpoint_files import SmallFiles
from .checkpoint_tensor import ShardHeader
from .safetensors import read_safetensors_header
from .source import ByteSource
from .torch_zip import read_torch_header

_PART = re.compile(r"(?P<base>.*)-(?P<number>[0-9]*)-of-(?P<total>[0-9]{1,9})(?P<suffix>\..*)", re.DOTALL)
_MOST_PARTS = 10_000


@dataclass(frozen=True)
class WeightFiles:
    """The weight files of a checkpoint in reading order. kind: "safetensors" or "torch". original_format: the names
    inside are those of Mistral's and Meta's own releases (`consolidated*`), not of Hugging Face. promised: the tensor
    names the index file lists, and in which file."""

    kind: str
    names: tuple[str, ...]
    original_format: bool
    promised: dict[str, str]


def find_weights(names: Sequence[str], files: SmallFiles, title: str) -> WeightFiles:
    """Choose the weight files as llama.cpp does (conversion/base.py, index_tensors): `model*.safetensors`, else
    `pytorch_model*.bin`, an index file deciding; else the `consolidated*` forms; else safetensors of any other name.

    names: all files of the folder. title: the folder's name, for messages.
    Raises CHECKPOINT_NO_WEIGHTS, CHECKPOINT_INCOMPLETE (files the index names are not there), CHECKPOINT_ESCAPES (the
    index names a file outside the folder), JSON_INVALID.
    """
    here = sorted(name for name in names if "/" not in name)
    present = frozenset(names)
    for kind, prefix, suffix in (("safetensors", "model", ".safetensors"), ("torch", "pytorch_model", ".bin")):
        parts = [name for name in here if name.startswith(prefix) and name.endswith(suffix)]
        index_name = f"{prefix}{suffix}.index.json"
        if index_name in here:
            promised = _weight_map(files, index_name)
            parts = sorted(set(promised.values()))
            missing = [part for part in parts if part not in present]
            if missing:
                raise ModelyardError(Code.CHECKPOINT_INCOMPLETE, name=title, missing=_listed(missing))
            return WeightFiles(kind, tuple(parts), False, promised)
        if parts:
            _refuse_gaps(parts, title)
            return WeightFiles(kind, tuple(parts), False, {})
    for kind, suffix in (("safetensors", ".safetensors"), ("torch", ".pth")):
        parts = [name for name in here if name.startswith("consolidated") and name.endswith(suffix)]
        if parts:
            return WeightFiles(kind, tuple(parts), True, {})
    others = [name for name in here if name.endswith(".safetensors") and not name.startswith("adapter_")]
    if others:
        return WeightFiles("safetensors", tuple(others), False, {})
    raise ModelyardError(Code.CHECKPOINT_NO_WEIGHTS, name=title, found=_listed(here))


def read_shard_header(source: ByteSource, kind: str, name: str) -> ShardHeader:
    """The header of the weight file `name`. Raises what read_safetensors_header and read_torch_header raise."""
    return read_safetensors_header(source, name) if kind == "safetensors" else read_torch_header(source, name)


def check_promises(weights: WeightFiles, present: set[str], title: str) -> None:
    """Raises CHECKPOINT_INCOMPLETE if tensors the index lists are in none of the files."""
    missing = sorted({file for name, file in weights.promised.items() if name not in present})
    if missing:
        raise ModelyardError(Code.CHECKPOINT_INCOMPLETE, name=title, missing=_listed(missing))


def _weight_map(files: SmallFiles, index_name: str) -> dict[str, str]:
    mapping = (files.json(index_name) or {}).get("weight_map")
    if not isinstance(mapping, dict) or not mapping or not all(isinstance(file, str) for file in mapping.values()):
        raise ModelyardError(Code.JSON_INVALID, name=index_name, detail="no weight_map")
    for file in set(mapping.values()):
        if not is_inside(file):
            raise ModelyardError(Code.CHECKPOINT_ESCAPES, name=index_name, file=file[:200])
    return mapping


def is_inside(name: str) -> bool:
    """True for a relative file name that stays in its folder on every system."""
    parts = name.split("/")
    return (
        bool(name)
        and "\\" not in name
        and ":" not in name
        and "\0" not in name
        and not (posixpath.isabs(name) or any(part in ("", ".", "..") for part in parts))
    )


def _refuse_gaps(parts: list[str], title: str) -> None:
    """Numbered shards (`model-00001-of-00003.safetensors`) without index must be all there."""
    here = set(parts)
    sets = {
        (match["base"], len(match["number"]), match["total"], match["suffix"])
        for match in map(_PART.fullmatch, parts)
        if match
    }
    for base, digits, total, suffix in sorted(sets):
        expected = (f"{base}-{number:0{digits}d}-of-{total}{suffix}" for number in range(1, int(total) + 1))
        missing = [name for name in islice(expected, _MOST_PARTS) if name not in here]
        if missing:
            raise ModelyardError(Code.CHECKPOINT_INCOMPLETE, name=title, missing=_listed(missing))


def _listed(names: Sequence[str]) -> str:
    """At most five names, for a message."""
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
