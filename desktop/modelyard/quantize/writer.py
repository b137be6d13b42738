"""One streaming pass: layout first, the file at its final size, blocks of rows through the kernels to their place.

The file grows as `<name>.part` with `<name>.journal` beside it; a run that was killed, cancelled or ran out of disk
goes on where it stopped. Only a whole, synced file gets its name.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..convert.content import GgufContent, TensorJob, WeightReader
from ..errors import Code, ModelyardError
from ..events import CancelToken, Listener
from .importance import ImportanceMatrix
from .journal import Journal, finished_tensors
from .layout import Layout, lay_out
from .passage import Passage, Work
from .positional import PositionalFile, bytes_on_disk, create
from .recipes import choose_types

_BROKEN = (  # no later run can go on from what these leave
    Code.WEIGHTS_NOT_FINITE,
    Code.WEIGHTS_TOO_LARGE,
    Code.IMPORTANCE_MISMATCH,
    Code.SAFETENSORS_INVALID,
    Code.SAFETENSORS_TRUNCATED,
    Code.TORCH_INVALID,
    Code.TORCH_UNSAFE,
    Code.ZIP_INVALID,
    Code.GGUF_INVALID,
)


@dataclass(frozen=True)
class WrittenFile:
    """A finished file. `sha256` is of the whole file, lower-case hex; `kept_tensors` came from an earlier run."""

    path: Path
    size_bytes: int
    sha256: str
    kept_tensors: int = 0


def plan_file(content: GgufContent, size: str, importance: ImportanceMatrix | None = None) -> Layout:
    """The layout of a size, from headers alone. Raises SIZE_UNKNOWN, IMPORTANCE_MISSING."""
    recipe = choose_types(content, size, importance=importance is not None)
    return lay_out(content, recipe, importance.metadata() if importance else ())


def write_gguf(
    content: GgufContent,
    size: str,
    reader: WeightReader,
    destination: Path,
    *,
    listener: Listener,
    cancel: CancelToken,
    threads: int | None = None,
    importance: ImportanceMatrix | None = None,
    identity: str = "",
    as_read: bool = False,
    is_here: Callable[[TensorJob], bool] | None = None,
    on_safe: Callable[[Sequence[str]], None] | None = None,
) -> WrittenFile:
    """Writes `destination` in the size of that name.

    `threads`: None for all cores. `identity` names the state of the sources (sizes and times, a commit): a part of an
    earlier run is taken up only if it is the same. `as_read`: work in the order of content.tensors, for weights that
    are still being downloaded, not in file order; `is_here`: those first of which it is true. `on_safe` is told, again
    and again, the names of all tensors that even a crash of the computer cannot take back: their sources may go.
    Progress events are at most ten a second, on the caller's thread.
    Raises Cancelled and the errors of `reader` (the part stays for a later run, but not if the source is broken),
    DISK_FULL (it stays too), FOLDER_NOT_WRITABLE, SIZE_UNKNOWN, IMPORTANCE_MISSING, IMPORTANCE_MISMATCH,
    WEIGHTS_NOT_FINITE, WEIGHTS_TOO_LARGE, QUANTIZER_MISSING.
    """
    cancel.check()
    layout = plan_file(content, size, importance)
    written = content.written_by(converter=layout.recipe.size.converter)
    order = tuple(job.name for job in written.tensors) if as_read else None
    work = Work(listener, cancel, threads or cores(), importance, order, is_here, on_safe)
    return write_layout(layout, reader, destination, work, identity)


def write_layout(
    layout: Layout, reader: WeightReader, destination: Path, work: Work, identity: str = ""
) -> WrittenFile:
    """As write_gguf, of a layout at hand."""
    part, journal_path = _beside(destination)
    key = _identity(layout, identity)
    try:
        finished = _take_up(part, journal_path, key, layout)
        _check_space(destination.parent, layout.size_bytes - bytes_on_disk(part))
        if finished is None:
            create(part, layout.size_bytes, layout.header)
        journal = Journal(journal_path, key, finished or ())
        file = PositionalFile(part)
        try:
            digest = Passage(layout, reader, file, journal, work).run()
            file.sync()
        finally:
            file.close()
            journal.close()
        part.replace(destination)
        _sync_folder(destination.parent)
        journal_path.unlink(missing_ok=True)
    except ModelyardError as error:
        if error.code in _BROKEN:
            discard(destination)
        raise
    except BrokenPipeError:  # whoever listened has gone: nothing is wrong with the file
        raise
    except OSError as error:
        raise _coded(error, destination.parent, layout.size_bytes - bytes_on_disk(part)) from error
    return WrittenFile(destination, layout.size_bytes, digest, len(finished or ()))


def discard(destination: Path) -> None:
    """Removes what an unfinished run left beside `destination`."""
    for path in _beside(destination):
        path.unlink(missing_ok=True)


def _beside(destination: Path) -> tuple[Path, Path]:
    return destination.with_name(destination.name + ".part"), destination.with_name(destination.name + ".journal")


def _identity(layout: Layout, identity: str) -> str:
    digest = hashlib.sha256(layout.header)
    digest.update(repr([tensor.plan.through for tensor in layout.tensors]).encode())
    digest.update(identity.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _take_up(part: Path, journal_path: Path, key: str, layout: Layout) -> tuple[int, ...] | None:
    """The tensors already in `part`; None to begin anew."""
    try:
        if part.stat().st_size != layout.size_bytes:
            return None
    except OSError:
        return None
    return finished_tensors(journal_path, key, len(layout.tensors))


def _check_space(folder: Path, need: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < need:
        raise ModelyardError(Code.DISK_FULL, folder=str(folder), need_bytes=need, free_bytes=free)


def _coded(error: OSError, folder: Path, need: int) -> ModelyardError:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        free = shutil.disk_usage(folder).free
        return ModelyardError(Code.DISK_FULL, folder=str(folder), need_bytes=max(0, need), free_bytes=free)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR):
        return ModelyardError(Code.FOLDER_NOT_WRITABLE, folder=str(folder))
    return ModelyardError(Code.FILE_UNREADABLE, name=folder.name, detail=error.strerror or str(error))


def _sync_folder(folder: Path) -> None:
    """Makes the new name last through a crash, where folders can be synced."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):  # some network drives know no such thing; the file itself is safe
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
