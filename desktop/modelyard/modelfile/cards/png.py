"""PNG chunks, read with care: just enough to find, remove and add text, no picture is decoded."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping

MAGIC = b"\x89PNG\r\n\x1a\n"
_LONGEST_TEXT = 16 << 20  # unpacked
_MOST_CHUNKS = 100_000


class PngError(ValueError):
    """Not a sound PNG."""


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each chunk up to IEND. Checksums are not checked: many programs write wrong ones.

    Raises PngError."""
    if not data.startswith(MAGIC):
        raise PngError("no PNG")
    position = len(MAGIC)
    for _ in range(_MOST_CHUNKS):
        if position + 12 > len(data):
            raise PngError("cut off")
        (length,) = struct.unpack_from(">I", data, position)
        kind = data[position + 4 : position + 8]
        if length > len(data) - position - 12:
            raise PngError("cut off")
        yield kind, data[position + 8 : position + 8 + length]
        if kind == b"IEND":
            return
        position += 12 + length
    raise PngError("too many chunks")


def texts(data: bytes) -> dict[str, bytes]:
    """The texts of tEXt, zTXt and iTXt chunks by keyword (the last of each counts). Raises PngError."""
    found: dict[str, bytes] = {}
    for kind, content in chunks(data):
        keyword, _, rest = content.partition(b"\0")
        if kind == b"tEXt":
            found[keyword.decode("latin-1")] = rest
        elif kind == b"zTXt":
            found[keyword.decode("latin-1")] = _unpacked(rest[1:])
        elif kind == b"iTXt" and len(rest) >= 2:
            packed = rest[0] == 1
            value = rest[2:].split(b"\0", 2)[-1]  # language and translated keyword stand before
            found[keyword.decode("latin-1")] = _unpacked(value) if packed else value
    return found


def with_texts(data: bytes, added: Mapping[str, bytes], removed: tuple[str, ...]) -> bytes:
    """The same picture with other texts: those of `removed` go, `added` come before the end. Raises PngError."""
    parts = [MAGIC]
    for kind, content in chunks(data):
        keyword = content.partition(b"\0")[0].decode("latin-1")
        if kind in (b"tEXt", b"zTXt", b"iTXt") and keyword in removed:
            continue
        if kind == b"IEND":
            parts += [_chunk(b"tEXt", name.encode("latin-1") + b"\0" + value) for name, value in added.items()]
        parts.append(_chunk(kind, content))
    return b"".join(parts)


def plain_picture(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A picture of one colour, for cards of personas without one."""
    row = b"\0" + bytes(colour) * width
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(row * height, 9)
    return MAGIC + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _unpacked(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, _LONGEST_TEXT)
    except zlib.error as error:
        raise PngError("damaged text") from error
    if unpacker.unconsumed_tail:
        raise PngError("text too long")
    return text
