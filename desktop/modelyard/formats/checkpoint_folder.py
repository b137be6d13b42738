"""Folders and zips that hold a checkpoint, as trees of files. Links that lead out of the folder are refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import islice
from pathlib import Path

from ..errors import Code, ModelyardError
from .checkpoint_files import MAX_SMALL_FILE
from .checkpoint_tensor import FileRange
from .source import ByteSource, FileSource
from .zip_directory import STORED, ZipEntry, data_offset, read_entry, read_zip_directory
from .zip_unpack import PackedEntry

_MAX_FILES = 20_000
_WEIGHTS = (".safetensors", ".bin", ".pth")


class LocalFolder:
    """A folder on this computer. A link may point within the folder, or out of it only where Hugging Face's own cache
    does so: from `snapshots/<revision>/` to `blobs/` of the same repository."""

    def __init__(self, path: Path) -> None:
        """Raises FILE_MISSING, FILE_UNREADABLE."""
        self.path = path
        try:
            self._real = path.resolve(strict=True)
            self._names = _walk(path)
        except FileNotFoundError as error:
            raise ModelyardError(Code.FILE_MISSING, name=path.name) from error
        except (OSError, RuntimeError) as error:
            raise ModelyardError(Code.FILE_UNREADABLE, name=path.name, detail=str(error)) from error

    @property
    def name(self) -> str:
        """The folder's name as it was given; the repository's name in Hugging Face's cache."""
        repository = self._real.parent.parent.name
        if self._real.parent.name == "snapshots" and repository.startswith("models--"):
            return repository.rpartition("--")[2]
        return self.path.absolute().name or self._real.name

    def names(self) -> Sequence[str]:
        return self._names

    def open(self, name: str) -> AbstractContextManager[ByteSource]:
        return FileSource(self.real_path(name))

    def locate(self, name: str) -> FileRange:
        """Where the bytes of a file lie. Raises FILE_MISSING, CHECKPOINT_ESCAPES."""
        path = self.real_path(name)
        return FileRange(path, 0, path.stat().st_size)

    def real_path(self, name: str) -> Path:
        """The file with all links followed. Raises FILE_MISSING, FILE_UNREADABLE, CHECKPOINT_ESCAPES."""
        try:
            real = (self.path / name).resolve(strict=True)
            regular = real.is_file()
        except FileNotFoundError as error:
            raise ModelyardError(Code.FILE_MISSING, name=name) from error
        except (OSError, RuntimeError) as error:
            raise ModelyardError(Code.FILE_UNREADABLE, name=name, detail=str(error)) from error
        if not regular:
            raise ModelyardError(Code.FILE_UNREADABLE, name=name, detail="not a regular file")
        if not any(real.is_relative_to(root) for root in self._roots()):
            raise ModelyardError(Code.CHECKPOINT_ESCAPES, name=self.name, file=name)
        return real

    def _roots(self) -> Iterator[Path]:
        yield self._real
        if self._real.parent.name == "snapshots":
            yield self._real.parent.parent / "blobs"


def _walk(path: Path) -> tuple[str, ...]:
    """Files in the folder and one level below, hidden ones left out. Folders that are links are not entered, nor those
    that may not be: the root of a drive holds some of the system's own."""
    found: list[str] = []
    for entry in _entries(path):
        if entry.name.startswith("."):
            continue
        if not entry.is_dir():
            found.append(entry.name)
        elif not entry.is_symlink():
            with suppress(PermissionError):
                found += [f"{entry.name}/{inner.name}" for inner in _entries(entry) if not inner.is_dir()]
        _check_count(found)
    return tuple(found)


def _entries(folder: Path) -> list[Path]:
    entries = list(islice(folder.iterdir(), _MAX_FILES + 1))
    _check_count(entries)
    return sorted(entries)


def _check_count(found: Sequence[object]) -> None:
    if len(found) > _MAX_FILES:
        raise OSError(f"more than {_MAX_FILES} files")


class ZippedFolder:
    """A folder in a zip file. Weights that are stored uncompressed are read where they lie."""

    def __init__(self, path: Path) -> None:
        """Raises FILE_MISSING, FILE_UNREADABLE, ZIP_INVALID, CHECKPOINT_NO_WEIGHTS (no checkpoint in it)."""
        self.path = path
        with FileSource(path) as source:
            entries = read_zip_directory(source)
        root = _root_of(entries, path.name)
        self._title = root.rstrip("/").rpartition("/")[2] or path.stem
        self._entries = {
            name.removeprefix(root): entry
            for name, entry in entries.items()
            if name.startswith(root) and not name.startswith("__MACOSX/")
        }

    @property
    def name(self) -> str:
        return self._title

    def names(self) -> Sequence[str]:
        return tuple(self._entries)

    @contextmanager
    def open(self, name: str) -> Iterator[ByteSource]:
        entry = self.entry(name)
        with FileSource(self.path) as source:
            if entry.method == STORED:
                yield _StoredEntry(name, source, data_offset(source, entry), entry.size)
            elif name.endswith(_WEIGHTS):
                yield PackedEntry(name, source, entry)
            else:
                yield _Bytes(name, read_entry(source, entry, MAX_SMALL_FILE))

    def locate(self, name: str) -> FileRange:
        """Where the bytes of an uncompressed entry lie. Raises ZIP_INVALID for a compressed one; UnpackingLocate finds
        both."""
        entry = self.entry(name)
        if entry.method != STORED:
            raise ModelyardError(Code.ZIP_INVALID, name=self.path.name, detail=f"{name} has to be unpacked first")
        with FileSource(self.path) as source:
            return FileRange(self.path, data_offset(source, entry), entry.size)

    def entry(self, name: str) -> ZipEntry:
        """Raises FILE_MISSING; CHECKPOINT_ESCAPES for a link."""
        entry = self._entries.get(name)
        if entry is None:
            raise ModelyardError(Code.FILE_MISSING, name=name)
        if entry.link:
            raise ModelyardError(Code.CHECKPOINT_ESCAPES, name=self.path.name, file=name)
        return entry


def _root_of(entries: dict[str, ZipEntry], name: str) -> str:
    """The folder within the zip that holds config.json (or params.json, adapter_config.json): the shallowest one."""
    marks = ("config.json", "params.json", "adapter_config.json")
    roots = {entry[: -len(entry.rpartition("/")[2])] for entry in entries if entry.rpartition("/")[2] in marks}
    if not roots:
        found = ", ".join(list(entries)[:5])
        raise ModelyardError(Code.CHECKPOINT_NO_WEIGHTS, name=name, found=found)
    return min(roots, key=lambda root: (root.count("/"), root))


class _StoredEntry:
    """An uncompressed entry as a byte source."""

    def __init__(self, name: str, source: ByteSource, begin: int, size: int) -> None:
        self.name, self.size = name, size
        self._source, self._begin = source, begin

    def read_at(self, offset: int, length: int) -> bytes:
        return self._source.read_at(self._begin + offset, max(0, min(length, self.size - offset)))


class _Bytes:
    """Bytes in memory as a byte source."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.size = name, len(data)
        self._data = data

    def read_at(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length]
