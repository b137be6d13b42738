"""Compressed entries of a zipped folder: first bytes for headers, the whole file unpacked when it is needed."""

from __future__ import annotations

import errno
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Code, ModelyardError
from .checkpoint_tensor import FileRange
from .source import ByteSource, FileSource
from .zip_directory import DEFLATED, STORED, ZipEntry, data_offset

if TYPE_CHECKING:
    from .checkpoint_folder import ZippedFolder

_CHUNK = 1 << 20
_MAX_START = 101_000_000  # the largest safetensors header


class PackedEntry:
    """A deflated entry as a byte source that reaches as far as a header does."""

    def __init__(self, name: str, source: ByteSource, entry: ZipEntry) -> None:
        self.name, self.size = name, entry.size
        self._archive = source
        self._pieces = unpacked_pieces(source, entry)
        self._start = bytearray()

    def read_at(self, offset: int, length: int) -> bytes:
        """Raises ZIP_INVALID beyond the reach of a header: the file has to be unpacked for that."""
        end = min(offset + length, self.size)
        if end > _MAX_START:
            detail = f"{self.name[:80]} has to be unpacked first"
            raise ModelyardError(Code.ZIP_INVALID, name=self._archive.name, detail=detail)
        while len(self._start) < end:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._start += piece
        return bytes(self._start[offset:end])


class UnpackingLocate:
    """Finds the weights of a zipped folder: stored entries where they lie in the zip, compressed ones unpacked into a
    work folder when first asked for. The caller removes the work folder. (A formats.checkpoint.Locate.)"""

    def __init__(self, tree: ZippedFolder, into: Path) -> None:
        """`into` is made when needed."""
        self._tree = tree
        self._into = into

    def __call__(self, name: str) -> FileRange:
        """Raises FILE_MISSING, CHECKPOINT_ESCAPES, ZIP_INVALID, DISK_FULL, FOLDER_NOT_WRITABLE."""
        entry = self._tree.entry(name)
        if entry.method == STORED:
            return self._tree.locate(name)
        target = self._into / f"{entry.header_at}.weights"  # a name of ours: nothing of the zip's becomes a path
        if not target.exists():
            self._unpack(entry, target)
        return FileRange(target, 0, entry.size)

    def _unpack(self, entry: ZipEntry, target: Path) -> None:
        part = target.with_suffix(".part")
        try:
            self._into.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self._into).free
            if free < entry.size:
                raise self._full(entry.size, free)
            with FileSource(self._tree.path) as source, part.open("wb") as file:
                for piece in unpacked_pieces(source, entry):
                    file.write(piece)
            part.replace(target)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise self._full(entry.size, shutil.disk_usage(self._into).free) from error
            raise ModelyardError(Code.FOLDER_NOT_WRITABLE, folder=str(self._into)) from error
        finally:
            part.unlink(missing_ok=True)

    def _full(self, need: int, free: int) -> ModelyardError:
        return ModelyardError(Code.DISK_FULL, folder=str(self._into), need_bytes=need, free_bytes=free)


def unpacked_pieces(source: ByteSource, entry: ZipEntry) -> Iterator[bytes]:
    """The content of a deflated entry in pieces of at most 1 MB; never more than the directory promised.

    Raises ZIP_INVALID: another method, damaged, more or less than promised.
    """
    if entry.method != DEFLATED:
        raise _damaged(source, entry)
    unpacker = zlib.decompressobj(-15)
    begin, left, done, checksum = data_offset(source, entry), entry.packed_bytes, 0, 0
    packed = b""
    while not unpacker.eof:
        if not packed:
            packed = source.read_at(begin, min(_CHUNK, left))
            begin, left = begin + len(packed), left - len(packed)
        try:
            piece = unpacker.decompress(packed, _CHUNK)
        except zlib.error as error:
            raise _damaged(source, entry) from error
        if not piece and not packed:
            break
        packed = unpacker.unconsumed_tail
        done, checksum = done + len(piece), zlib.crc32(piece, checksum)
        if done > entry.size:
            raise _damaged(source, entry)
        if piece:
            yield piece
    if done != entry.size or checksum != entry.crc32:
        raise _damaged(source, entry)


def _damaged(source: ByteSource, entry: ZipEntry) -> ModelyardError:
    return ModelyardError(Code.ZIP_INVALID, name=source.name, detail=f"{entry.name[:80]} is damaged")
