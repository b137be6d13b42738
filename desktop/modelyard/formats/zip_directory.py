"""The directory of a zip file, read bounded from any byte source (APPNOTE.TXT 6.3.10, sections 4.3 to 4.5).

PyTorch files and zipped folders are both read through this: it knows where an entry's bytes lie, so that entries stored
uncompressed can be memory-mapped or fetched by range.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import Code, ModelyardError

if TYPE_CHECKING:
    from .source import ByteSource

_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_END64_LOCATOR = b"PK\x06\x07"
_CENTRAL = b"PK\x01\x02"
_LOCAL = b"PK\x03\x04"
_MAX_DIRECTORY_BYTES = 64 * 1024 * 1024
_MAX_ENTRIES = 400_000
STORED, DEFLATED = 0, 8


@dataclass(frozen=True)
class ZipEntry:
    """One file in a zip. `header_at`: where its local header begins. `link`: a symbolic link, never followed."""

    name: str
    method: int
    crc32: int
    packed_bytes: int
    size: int
    header_at: int
    link: bool


def read_zip_directory(source: ByteSource) -> dict[str, ZipEntry]:
    """All files of the zip by name, in the directory's order.

    Raises ZIP_INVALID: no zip, damaged, encrypted, the same name twice, or a directory beyond 64 MB.
    """
    begin, length, count = _find_directory(source)
    if length > _MAX_DIRECTORY_BYTES or count > _MAX_ENTRIES:
        raise _invalid(source, f"directory of {length} bytes, {count} entries")
    data = source.read_at(begin, length)
    if len(data) < length:
        raise _invalid(source, "the directory is cut off")
    entries: dict[str, ZipEntry] = {}
    at = 0
    for _ in range(count):
        entry, at = _central_entry(source, data, at)
        if entry.name.endswith("/"):
            continue
        if entry.name in entries:
            raise _invalid(source, f"{entry.name[:80]} twice")
        entries[entry.name] = entry
    return entries


def data_offset(source: ByteSource, entry: ZipEntry) -> int:
    """Where the entry's bytes begin. Raises ZIP_INVALID if they do not lie in the file."""
    local = source.read_at(entry.header_at, 30)
    if len(local) < 30 or local[:4] != _LOCAL:
        raise _invalid(source, f"{entry.name[:80]}: no local header")
    name_length, extra_length = struct.unpack_from("<HH", local, 26)
    begin = entry.header_at + 30 + int(name_length) + int(extra_length)
    if begin + entry.packed_bytes > source.size:
        raise _invalid(source, f"{entry.name[:80]} is cut off")
    return begin


def read_entry(source: ByteSource, entry: ZipEntry, limit: int) -> bytes:
    """The whole content of a small entry, its checksum verified.

    Raises FILE_TOO_BIG above `limit` bytes, ZIP_INVALID if it is damaged or packed in a way we do not read.
    """
    if entry.size > limit or entry.packed_bytes > limit + 1024:
        raise ModelyardError(Code.FILE_TOO_BIG, name=entry.name, size_bytes=entry.size, limit_bytes=limit)
    packed = source.read_at(data_offset(source, entry), entry.packed_bytes)
    if entry.method == DEFLATED:
        try:
            packed = zlib.decompressobj(-15).decompress(packed, entry.size + 1)
        except zlib.error as error:
            raise _invalid(source, f"{entry.name[:80]}: {error}") from error
    elif entry.method != STORED:
        raise _invalid(source, f"{entry.name[:80]}: packing method {entry.method}")
    if len(packed) != entry.size or zlib.crc32(packed) != entry.crc32:
        raise _invalid(source, f"{entry.name[:80]} is damaged")
    return packed


def _find_directory(source: ByteSource) -> tuple[int, int, int]:
    """Begin, length and number of entries of the central directory."""
    tail_at = max(0, source.size - 65_557)  # the end record and the longest comment
    tail = source.read_at(tail_at, source.size - tail_at)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        raise _invalid(source, "no zip directory")
    count, length, begin = struct.unpack_from("<HII", tail, at + 10)
    if 0xFFFF in (count,) or 0xFFFFFFFF in (length, begin):
        if at < 20 or tail[at - 20 : at - 16] != _END64_LOCATOR:
            raise _invalid(source, "no zip64 directory")
        (end64_at,) = struct.unpack_from("<Q", tail, at - 12)
        end64 = source.read_at(end64_at, 56)
        if len(end64) < 56 or end64[:4] != _END64:
            raise _invalid(source, "no zip64 directory")
        count, length, begin = struct.unpack_from("<QQQ", end64, 32)
    return int(begin), int(length), int(count)


def _central_entry(source: ByteSource, data: bytes, at: int) -> tuple[ZipEntry, int]:
    if data[at : at + 4] != _CENTRAL or len(data) - at < 46:
        raise _invalid(source, "a damaged directory")
    made_by, _, flags, method = struct.unpack_from("<HHHH", data, at + 4)
    crc32, packed, size, name_length, extra_length, comment_length = struct.unpack_from("<IIIHHH", data, at + 16)
    attributes, header_at = struct.unpack_from("<II", data, at + 38)
    after_name = at + 46 + name_length
    after = after_name + extra_length + comment_length
    if after > len(data):
        raise _invalid(source, "a damaged directory")
    name = data[at + 46 : after_name].decode("utf-8" if flags & 0x800 else "cp437", "replace")
    if flags & 0x1:
        raise _invalid(source, "it is protected by a password")
    size, packed, header_at = _zip64_sizes(
        source, data[after_name : after_name + extra_length], int(size), int(packed), int(header_at)
    )
    unix_mode = attributes >> 16 if made_by >> 8 == 3 else 0
    link = unix_mode & 0o170000 == 0o120000
    return ZipEntry(name, method, crc32, packed, size, header_at, link), after


def _zip64_sizes(source: ByteSource, extra: bytes, size: int, packed: int, header_at: int) -> tuple[int, int, int]:
    """The 64-bit values that replace 0xFFFFFFFF, in this order, from extra field 1."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        if tag == 1:
            numbers = [number for (number,) in struct.iter_unpack("<Q", extra[at + 4 : at + 4 + length // 8 * 8])]
            try:
                size = numbers.pop(0) if size == 0xFFFFFFFF else size
                packed = numbers.pop(0) if packed == 0xFFFFFFFF else packed
                header_at = numbers.pop(0) if header_at == 0xFFFFFFFF else header_at
            except IndexError as error:
                raise _invalid(source, "a damaged zip64 field") from error
        at += 4 + length
    return size, packed, header_at


def _invalid(source: ByteSource, detail: str) -> ModelyardError:
    return ModelyardError(Code.ZIP_INVALID, name=source.name, detail=detail)
