"""Split sets: one model in files PREFIX-00001-of-0000N.gguf (llama-gguf-split), seen as one.

The first part holds the metadata; every part tells its number, the number of parts and of all tensors
(split.no, split.count, split.tensors.count). Parts are looked for beside the file that was given, by name, and
nowhere else.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import Code, ModelyardError
from .gguf import read_header
from .gguf_values import GgufHeader
from .source import FileSource

MAX_PARTS = 1000

_NAME = re.compile(r"(?P<prefix>.+)-(?P<number>[0-9]{5})(?P<of>-of-)(?P<count>[0-9]{5})(?P<suffix>\.gguf)", re.I | re.S)
_SPLIT_PREFIX = "split."


@dataclass(frozen=True)
class GgufSet:
    """One model in one or more files. `parts`: the header of each file, in order.

    `header` is the combined view: the first part's metadata without split.*, the tensors of all parts in order and
    the sum of the file sizes. A tensor's offset is one in its own
    part. Long metadata values lie in the first part.
    """

    header: GgufHeader
    parts: tuple[GgufHeader, ...]


def part_names(name: str) -> tuple[str, ...] | None:
    """The names of all parts of the set to which a file of this name belongs, or None if it is no part's name."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    count = int(match["count"])
    if not 1 <= int(match["number"]) <= count <= MAX_PARTS:
        return None
    before, after = f"{match['prefix']}-", f"{match['of']}{count:05d}{match['suffix']}"
    return tuple(f"{before}{number:05d}{after}" for number in range(1, count + 1))


def part_count(header: GgufHeader) -> int:
    """In how many files the model is, by this file's metadata; 1 if it is whole."""
    return max(1, header.integer("split.count") or 1)


def read_set(path: Path) -> tuple[GgufSet, tuple[Path, ...]]:
    """Reads the file at `path` and, if it is a part of a split set, the others beside it; returns the set and the
    paths of its files. Any part may be given.

    Raises what gguf.read_header raises, FILE_MISSING, FILE_UNREADABLE, GGUF_SPLIT_INCOMPLETE, GGUF_SPLIT_INVALID.
    """
    header = _read_local(path)
    if part_count(header) == 1:
        return combine([header]), (path,)
    paths = tuple(path.parent / name for name in sibling_names(header))
    missing = [sibling.name for sibling in paths if not sibling.exists()]
    if missing:
        shown = ", ".join(missing[:3]) + (", …" if len(missing) > 3 else "")
        raise ModelyardError(Code.GGUF_SPLIT_INCOMPLETE, name=header.name, missing=shown)
    return combine([header if sibling == path else _read_local(sibling) for sibling in paths]), paths


def sibling_names(header: GgufHeader) -> tuple[str, ...]:
    """The file names of the whole set of this part. Raises GGUF_SPLIT_INVALID if its own name does not say."""
    count = part_count(header)
    names = part_names(header.name)
    if count > MAX_PARTS:
        raise _invalid(header, f"split.count {count}")
    if names is None:
        raise _invalid(header, f"split.count {count}, file name without -00001-of-{count:05d}")
    if len(names) != count:
        raise _invalid(header, f"split.count {count}, {len(names)} in the file name")
    return names


def combine(headers: Sequence[GgufHeader]) -> GgufSet:
    """The set of these parts, given in order (a single whole file is a set of one). Raises GGUF_SPLIT_INVALID if
    they do not belong together: wrong numbers, a part twice, tensors twice or missing."""
    first = headers[0]
    if len(headers) > 1:
        for number, header in enumerate(headers):
            said = header.integer("split.no")
            if said != number or part_count(header) != len(headers):
                raise _invalid(header, f"split.no {said} of {part_count(header)}, not {number} of {len(headers)}")
    tensors = tuple(tensor for header in headers for tensor in header.tensors)
    promised = first.integer("split.tensors.count")
    if len(headers) > 1 and promised is not None and promised != len(tensors):
        raise _invalid(first, f"{len(tensors)} tensors, split.tensors.count {promised}")
    if len({tensor.name for tensor in tensors}) != len(tensors):
        raise _invalid(first, "duplicate tensor")
    combined = replace(
        first,
        metadata={key: entry for key, entry in first.metadata.items() if not key.startswith(_SPLIT_PREFIX)},
        tensors=tensors,
        tensor_count=len(tensors),
        file_size=sum(header.file_size for header in headers),
    )
    return GgufSet(combined, tuple(headers))


def _read_local(path: Path) -> GgufHeader:
    """The header of a regular file: a pipe or a device of that name would block for ever."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ModelyardError(Code.FILE_UNREADABLE, name=path.name, detail="not a regular file")
    except FileNotFoundError as error:
        raise ModelyardError(Code.FILE_MISSING, name=path.name) from error
    except (OSError, ValueError) as error:  # too long, a loop of links, a NUL
        raise ModelyardError(Code.FILE_UNREADABLE, name=path.name, detail=type(error).__name__) from error
    with FileSource(path) as source:
        return read_header(source)


def _invalid(header: GgufHeader, detail: str) -> ModelyardError:
    return ModelyardError(Code.GGUF_SPLIT_INVALID, name=header.name, detail=detail)
