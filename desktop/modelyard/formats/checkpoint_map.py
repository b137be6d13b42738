"""A weight file mapped into memory: pages come and go with the system's cache, nothing is copied."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any

from ..errors import Code, ModelyardError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .checkpoint_tensor import FileRange


class MappedFile:
    """Read-only view of a file range. Thread-safe. Arrays taken from it keep the mapping alive after close()."""

    def __init__(self, where: FileRange, name: str) -> None:
        """`name`: for messages. Raises FILE_MISSING, FILE_UNREADABLE, FILE_CHANGED (shorter than its header said)."""
        self._name = name
        self._offset = where.offset
        self._size = where.size
        self._map: mmap.mmap | None = None
        try:
            with where.path.open("rb") as file:
                have = file.seek(0, 2)
                if have < where.offset + where.size:
                    raise ModelyardError(Code.FILE_CHANGED, name=name)
                if have:
                    self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError as error:
            raise ModelyardError(Code.FILE_MISSING, name=name) from error
        except (OSError, ValueError) as error:
            raise ModelyardError(Code.FILE_UNREADABLE, name=name, detail=str(error)) from error

    def array(self, dtype: str, offset: int, count: int) -> NDArray[Any]:
        """`count` elements of numpy type `dtype` from `offset` within the range, without a copy."""
        import numpy as np

        if count == 0:
            return np.empty(0, dtype)
        if self._map is None or offset < 0 or offset + count * np.dtype(dtype).itemsize > self._size:
            raise ModelyardError(Code.FILE_CHANGED, name=self._name)
        return np.frombuffer(self._map, dtype, count, self._offset + offset)

    def close(self) -> None:
        mapping, self._map = self._map, None
        if mapping is not None:
            try:
                mapping.close()
            except BufferError:
                pass  # a row block is still in somebody's hands; the mapping goes with the last one
