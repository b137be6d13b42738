"""The folder of all models: what stands in it, how a model comes in whole and goes out whole.

A new model is built in a hidden folder beside the others and renamed at the end, so a half-made one is never seen.
Hidden folders carry the number of the process that made them; those of processes that are gone are leftovers.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import Code, ModelyardError
from ...host.files import storage_error
from .model_folder import ModelFolder, read_folder
from .names import checked, folder_name, name_of_folder

_NEW = ".new"  # a model being made
_OLD = ".old"  # a model being replaced or removed


class Shelf:
    """Models of one folder. Several processes may use it at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._tidied = False

    def models(self) -> list[ModelFolder]:
        """Newest first."""
        self._tidy()
        found = [model for path in self._folders() if (model := self._read(path)) is not None]
        return sorted(found, key=lambda model: model.path.stat().st_mtime, reverse=True)

    def find(self, name: str) -> ModelFolder:
        """Raises ENGINE_MODEL_MISSING."""
        self._tidy()
        try:
            model = self._read(self.root / folder_name(name))
        except ModelyardError:
            model = None
        if model is None:
            raise ModelyardError(Code.ENGINE_MODEL_MISSING, name=name)
        return model

    def check_free(self, name: str) -> None:
        """Raises ENGINE_NAME_TAKEN, ENGINE_NAME_INVALID. A folder without a model takes its name as well: it may hold
        something of the person's."""
        if (self.root / folder_name(name)).exists():
            raise ModelyardError(Code.ENGINE_NAME_TAKEN, name=checked(name))

    @contextmanager
    def making(self) -> Iterator[Path]:
        """A hidden folder to build a model in; it is gone afterwards unless `publish` moved it.

        Raises DISK_FULL, FOLDER_NOT_WRITABLE, also for an OSError of the building itself."""
        path = self._hidden(_NEW)
        try:
            with self.writing():
                path.mkdir(parents=True)
                yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Gives an OSError of the inside its code: DISK_FULL, FOLDER_NOT_WRITABLE."""
        try:
            yield
        except OSError as error:
            raise storage_error(error, self.root, 0) from error

    def publish(self, made: Path, name: str, *, replace: bool) -> ModelFolder:
        """Puts a finished folder in its place. Raises ENGINE_NAME_TAKEN, ENGINE_FAILED."""
        self._tidy()
        target = self.root / folder_name(name)
        old: Path | None = None
        if target.exists():
            if not replace:
                raise ModelyardError(Code.ENGINE_NAME_TAKEN, name=checked(name))
            old = self._put_away(target, name)
        try:
            made.rename(target)
        except OSError as error:
            if old is not None:
                old.rename(target)
            elif target.exists():  # somebody was faster
                raise ModelyardError(Code.ENGINE_NAME_TAKEN, name=checked(name)) from error
            raise ModelyardError(Code.ENGINE_FAILED, name=name, detail=error.strerror or "") from error
        if old is not None:
            shutil.rmtree(old, ignore_errors=True)
        return self.find(name)

    def remove(self, name: str) -> int:
        """Returns the bytes freed. Raises ENGINE_MODEL_MISSING, ENGINE_FAILED."""
        model = self.find(name)
        freed = _bytes_of_one_name(model.path)
        shutil.rmtree(self._put_away(model.path, name), ignore_errors=True)
        return freed

    def _put_away(self, path: Path, name: str) -> Path:
        """Out of sight in one step. Fails on Windows while another program has a file of it open."""
        away = self._hidden(_OLD)
        away = away.with_name(f"{away.name}-{path.name}")
        try:
            path.rename(away)
        except OSError as error:
            raise ModelyardError(Code.ENGINE_FAILED, name=name, detail=error.strerror or "") from error
        return away

    def _hidden(self, kind: str) -> Path:
        return self.root / f"{kind}-{os.getpid()}-{secrets.token_hex(4)}"

    def _folders(self) -> list[Path]:
        try:
            return [path for path in self.root.iterdir() if not path.name.startswith(".") and path.is_dir()]
        except OSError:
            return []

    def _read(self, path: Path) -> ModelFolder | None:
        name = name_of_folder(path.name)
        return read_folder(path, name) if name is not None else None

    def _tidy(self) -> None:
        """Once for each process: removes what a process left that died while making a model; a model that was being
        replaced and has no successor comes back."""
        if self._tidied:
            return
        self._tidied = True
        with contextlib.suppress(OSError):
            for path in list(self.root.iterdir()):
                kind, pid, _, before = [*path.name.split("-", 3), "", "", ""][:4]
                if kind in (_NEW, _OLD) and not _alive(pid, path):
                    if kind == _OLD and before and not (self.root / before).exists():
                        path.rename(self.root / before)
                    else:
                        shutil.rmtree(path, ignore_errors=True)


def _bytes_of_one_name(folder: Path) -> int:
    """Bytes that go when the folder goes: files with another name elsewhere stay on the disk."""
    statuses = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return sum(status.st_size for status in statuses if status.st_nlink <= 1)


def _alive(pid: str, path: Path) -> bool:
    """True if the process with this number runs and is old enough to have made `path`."""
    import psutil

    try:
        return int(pid) == os.getpid() or psutil.Process(int(pid)).create_time() <= path.stat().st_ctime + 1.0
    except (ValueError, OSError, psutil.Error):
        return False
