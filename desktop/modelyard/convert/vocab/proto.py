"""The normalizer's settings in a SentencePiece model, read from its protocol buffer
(sentencepiece_model.proto: ModelProto.normalizer_spec = 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class NormalizerSpec:
    precompiled_charsmap: bytes = b""
    add_dummy_prefix: bool = True
    remove_extra_whitespaces: bool = True


def normalizer_of(model: bytes) -> NormalizerSpec:
    """Raises ValueError if `model` is no protocol buffer."""
    fields: dict[int, int | bytes] = {}
    for number, value in _fields(model):
        if number == 3 and isinstance(value, bytes):
            fields.update(_fields(value))
    charsmap = fields.get(2, b"")
    return NormalizerSpec(
        charsmap if isinstance(charsmap, bytes) else b"", bool(fields.get(3, True)), bool(fields.get(4, True))
    )


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(field number, value): numbers of wire type 0, bytes of wire types 1, 2 and 5."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == 2:
            length, at = _varint(data, at)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if at + length > len(data):
            raise ValueError("cut short")
        yield number, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("cut short")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("number too long")
