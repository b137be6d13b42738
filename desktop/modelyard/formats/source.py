"""Where bytes come from: a file here, a range of a file on a server, an entry of a zip. Readers in this room take a
ByteSource so that the same bounded code reads local and remote headers."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from ..errors import Code, ModelyardError


class ByteSource(Protocol):
    """Random access to bytes. `name` is the bare file name for messages."""

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int: ...

    def read_at(self, offset: int, length: int) -> bytes:
        """Returns fewer bytes only at the end of the file. Raises FILE_UNREADABLE, or the HUB_* codes of a far file."""


@runtime_checkable
class FarSource(ByteSource, Protocol):
    """Bytes that are far away: who will read many places says so before, and they are brought together."""

    def expect(self, ranges: Sequence[tuple[int, int]]) -> None:
        """`ranges`: offset and length of each. Raises what read_at raises."""


class FileSource:
    """A local file, opened once. Use as a context manager or call close()."""

    def __init__(self, path: Path) -> None:
        """Raises FILE_MISSING, FILE_UNREADABLE."""
        self.path = path
        try:
            if not stat.S_ISREG(path.stat().st_mode):  # opening a named pipe would wait for ever
                raise ModelyardError(Code.FILE_UNREADABLE, name=path.name, detail="not a regular file")
            self._file = path.open("rb", buffering=0)
            self._size = path.stat().st_size
        except FileNotFoundError as error:
            raise ModelyardError(Code.FILE_MISSING, name=path.name) from error
        except OSError as error:
            raise self._unreadable(error) from error

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def size(self) -> int:
        return self._size

    def read_at(self, offset: int, length: int) -> bytes:
        parts: list[bytes] = []
        try:
            self._file.seek(offset)
            while length > 0 and (part := self._file.read(length)):
                parts.append(part)
                length -= len(part)
        except OSError as error:  # the drive was taken out, the network share went away
            raise self._unreadable(error) from error
        return b"".join(parts)

    def _unreadable(self, error: OSError) -> ModelyardError:
        return ModelyardError(Code.FILE_UNREADABLE, name=self.path.name, detail=error.strerror or str(error))

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> FileSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
