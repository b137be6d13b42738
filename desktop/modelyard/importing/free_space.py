"""What takes room on the disk and may go: kept originals, partial downloads, leftovers, and what Ollama forgot.

Everything is looked at, nothing is touched, until somebody asks for the removal of exactly these finds. What is not
ours (Ollama's folder where another user owns it) is only shown.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..engines.base import Engine, EngineState, InstalledModel
from ..errors import ModelyardError
from ..host.folders import Folders
from .jobs import Job, JobBook, JobState
from .planning import work_key
from .workspace import Workspace, folder_bytes

if TYPE_CHECKING:
    from ..engines.ollama.leftovers import Leftover
    from ..engines.ollama.store import Store

_PART = ".part"


class Found(StrEnum):
    """Kinds of finds; words/models tells what each is (`space.<kind>`)."""

    ORIGINAL = "original"  # a repository that was kept beside the model made of it
    PARTIAL = "partial"  # a repository that was not fetched to its end
    UNFINISHED = "unfinished"  # what an import in the book has done so far
    LEFTOVER = "leftover"  # of imports that nobody goes on with
    CACHE = "cache"
    OLLAMA_ORPHAN = "ollama_orphan"
    OLLAMA_PARTIAL = "ollama_partial"
    OLLAMA_WORK = "ollama_work"


@dataclass(frozen=True)
class Find:
    """`title`: a name of the person's world, empty for what has none. `paths`: what would go. `removable`: False where
    it is not ours to remove."""

    kind: Found
    size_bytes: int
    paths: tuple[Path, ...]
    title: str = ""
    removable: bool = True

    @property
    def costs(self) -> bool:
        """What was fetched or done so far would have to be done again."""
        return self.kind in (Found.UNFINISHED, Found.PARTIAL, Found.OLLAMA_PARTIAL)


@runtime_checkable
class KeepsStore(Protocol):
    """An engine with a folder of its own that we may look into (Ollama on this computer)."""

    def store(self) -> Store | None: ...

    def leftovers(self) -> list[Leftover]: ...

    def remove_leftovers(self, chosen: list[Leftover]) -> int: ...


class FreeSpace:
    """`work`: the folder of half-made results. `engines` as the composition root made them."""

    def __init__(self, folders: Folders, work: Path, book: JobBook, engines: Mapping[str, Engine]) -> None:
        self._folders = folders
        self._workspace = Workspace(work)
        self._book = book
        self._engines = engines

    def find(self) -> list[Find]:
        """Largest first. What cannot be read is left out. Blocks."""
        found = [*self._downloads(), *self._work(), *self._cache(), *self._stores()]
        return sorted((each for each in found if each.size_bytes), key=lambda each: -each.size_bytes)

    def remove(self, chosen: Sequence[Find]) -> int:
        """Removes what of `chosen` is still to be found, so that nothing goes that came into use meanwhile. Returns the
        bytes freed. Blocks."""
        wanted = {(each.kind, each.paths) for each in chosen}
        still = [each for each in self.find() if each.removable and (each.kind, each.paths) in wanted]
        freed = 0
        for each in still:
            if each.kind in _OF_STORE.values():
                freed += self._remove_from_stores(each)
            else:
                freed += sum(_remove(path) for path in each.paths)
        self._remove_empty_owners()
        return freed

    # --- ours ------------------------------------------------------------------------------------------------------

    def _downloads(self) -> Iterator[Find]:
        """Repositories of the downloads folder: owner/name. One that a running import fills is not there for us."""
        busy = any(job.state is JobState.RUNNING for job in self._book.load())
        for owner in _folders_in(self._folders.downloads):
            for repository in _folders_in(owner):
                partial = any(repository.rglob(f"*{_PART}"))
                if partial and busy:
                    continue
                kind = Found.PARTIAL if partial else Found.ORIGINAL
                yield Find(kind, folder_bytes(repository), (repository,), f"{owner.name}/{repository.name}")

    def _work(self) -> Iterator[Find]:
        jobs = {work_key(job.plan): job for job in self._book.load() if not job.state.ended}
        left = self._workspace.leftovers({key for key, job in jobs.items() if not _rests(job)})
        orphaned = tuple(each.folder for each in left if each.job not in jobs)
        for each in left:
            if each.job in jobs:
                yield Find(Found.UNFINISHED, each.size_bytes, (each.folder,), jobs[each.job].title)
        yield Find(Found.LEFTOVER, sum(folder_bytes(folder) for folder in orphaned), orphaned)

    def _cache(self) -> Iterator[Find]:
        yield Find(Found.CACHE, folder_bytes(self._folders.cache), tuple(_entries_in(self._folders.cache)))

    def _remove_empty_owners(self) -> None:
        for owner in _folders_in(self._folders.downloads):
            with contextlib.suppress(OSError):
                owner.rmdir()  # only an empty one goes

    # --- Ollama's ----------------------------------------------------------------------------------------------------

    def _stores(self) -> Iterator[Find]:
        for engine in self._stores_ready():
            with contextlib.suppress(ModelyardError):
                store = engine.store()
                ours = store is not None and store.is_ours
                everything = engine.leftovers()
                for kind, found in _OF_STORE.items():
                    left = [each for each in everything if each.kind.value == kind]
                    total = sum(each.size_bytes for each in left)
                    yield Find(found, total, tuple(sorted(each.path for each in left)), removable=ours)

    def _remove_from_stores(self, find: Find) -> int:
        paths, freed = set(find.paths), 0
        for engine in self._stores_ready():
            with contextlib.suppress(ModelyardError):
                freed += engine.remove_leftovers([each for each in engine.leftovers() if each.path in paths])
        return freed

    def _stores_ready(self) -> Iterator[KeepsStore]:
        for engine in self._engines.values():
            if isinstance(engine, KeepsStore) and engine.status().state is EngineState.READY:
                yield engine


_OF_STORE = {"orphan": Found.OLLAMA_ORPHAN, "partial": Found.OLLAMA_PARTIAL, "work": Found.OLLAMA_WORK}


def freed_by_removing(engine: Engine, model: InstalledModel) -> int:
    """Bytes that would become free: told before anybody is asked. Files that other models or names share stay."""
    if isinstance(engine, KeepsStore):
        with contextlib.suppress(ModelyardError):
            store = engine.store()
            freed = store.freed_by(model.name) if store is not None and store.readable else None
            if freed is not None:
                return freed
    elif model.location is not None:
        with contextlib.suppress(OSError):
            statuses = [path.stat() for path in model.location.parent.glob("*.gguf")]
            return sum(status.st_size for status in statuses if status.st_nlink <= 1)
    return model.size_bytes


def _rests(job: Job) -> bool:
    return job.state not in (JobState.RUNNING, JobState.WAITING)


def _entries_in(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _folders_in(folder: Path) -> list[Path]:
    """Folders that really stand there; what a link points to is somebody else's."""
    return [path for path in _entries_in(folder) if path.is_dir() and not path.is_symlink()]


def _remove(path: Path) -> int:
    """Returns what is gone of it."""
    if path.is_symlink() or path.is_file():
        with contextlib.suppress(OSError):
            size = path.lstat().st_size
            path.unlink()
            return size
        return 0
    before = folder_bytes(path)
    shutil.rmtree(path, ignore_errors=True)
    return before - (folder_bytes(path) if path.exists() else 0)
