"""Small things every step of an import needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..events import CancelToken, Listener, Step, progress, step_finished, step_started
from ..host.files import storage_error


@contextmanager
def step(which: Step, listener: Listener) -> Iterator[None]:
    """Announces a step and, if nothing went wrong, its end."""
    listener(step_started(which))
    yield
    listener(step_finished(which))


def copy_file(source: Path, target: Path, listener: Listener, cancel: CancelToken) -> None:
    """Copies beside `target` with progress of Step.ADDING, then renames; a half-made copy is removed.

    Raises DISK_FULL, FOLDER_NOT_WRITABLE, Cancelled.
    """
    total, moved = source.stat().st_size, 0
    partial = target.with_name(target.name + ".part")
    try:
        with source.open("rb") as reader, partial.open("wb") as writer:
            while block := reader.read(8 << 20):
                cancel.check()
                writer.write(block)
                moved += len(block)
                listener(progress(Step.ADDING, moved, total))
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise storage_error(error, target.parent, total) from error
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
