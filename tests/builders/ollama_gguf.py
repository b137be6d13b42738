"""Tiny GGUF files for Ollama's tests, and as much of a reader as the test server needs."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + "
    "'\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
_HEAD = 4 << 20  # the headers of test files are smaller
_SIZES = {0: 4, 1: 2, 24: 1}  # bytes of an element: F32, F16, I8; others are not checked
_FORMATS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


def write_gguf(path: Path, chat_template: str = "", padding: int = 0, **extra: Any) -> Path:
    """A llama GGUF of one small tensor; `padding` more bytes of tensor data; `extra` keys with dots as `__`."""
    keys: dict[str, Any] = {
        "general.architecture": "llama",
        "general.name": path.stem,
        "general.file_type": 1,
        "llama.context_length": 512,
        "llama.embedding_length": 64,
        "llama.block_count": 1,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": ["<s>", "</s>", "a", "b"],
        "tokenizer.ggml.eos_token_id": 1,
    }
    if chat_template:
        keys["tokenizer.chat_template"] = chat_template
    keys |= {key.replace("__", "."): value for key, value in extra.items()}
    count = 64 + padding
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(keys))
    head += b"".join(_text(key) + _value(value) for key, value in keys.items())
    head += _text("token_embd.weight") + struct.pack("<IQIQ", 1, count, 24, 0)  # 24: int8
    head += b"\0" * (-len(head) % 32)
    path.write_bytes(head + bytes(index % 251 for index in range(64)) + b"\7" * padding)
    return path


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: Any) -> bytes:
    match value:
        case bool():
            return struct.pack("<I?", 7, value)
        case int():
            return struct.pack("<II", 4, value)
        case float():
            return struct.pack("<If", 6, value)
        case list():
            return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(_text(each) for each in value)
        case _:
            return struct.pack("<I", 8) + _text(str(value))


class NotGguf(Exception):
    """With Ollama's words."""


def read_gguf(path: Path) -> dict[str, Any]:
    """All metadata; the tensors themselves are not read. Raises NotGguf."""
    size = path.stat().st_size
    with path.open("rb") as file:
        data = file.read(_HEAD)
    if data[:4] != b"GGUF":
        raise NotGguf("supplied file was not in GGUF format")
    try:
        tensors, count = struct.unpack_from("<QQ", data, 8)
        position, keys = 24, {}
        for _ in range(count):
            key, position = _read_text(data, position)
            (kind,) = struct.unpack_from("<I", data, position)
            keys[key], position = _read_value(data, position + 4, kind)
        name, elements, offset = "", 0, 0
        for _ in range(tensors):
            name, position = _read_text(data, position)
            (dimensions,) = struct.unpack_from("<I", data, position)
            shape = struct.unpack_from(f"<{dimensions}Q", data, position + 4)
            kind, offset = struct.unpack_from("<IQ", data, position + 4 + 8 * dimensions)
            position += 16 + 8 * dimensions
            elements = math.prod(shape) * _SIZES.get(kind, 0)
    except struct.error:
        raise NotGguf("unexpected EOF") from None
    end = position + (-position % 32) + offset + elements
    if end > size:
        raise NotGguf(f'tensor "{name}" offset+size ({end}) exceeds file size ({size})')
    return keys


def _read_text(data: bytes, position: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<Q", data, position)
    if position + 8 + length > len(data):
        raise NotGguf("unexpected EOF")
    return data[position + 8 : position + 8 + length].decode(), position + 8 + length


def _read_value(data: bytes, position: int, kind: int) -> tuple[Any, int]:
    if kind == 8:
        return _read_text(data, position)
    if kind == 9:
        inner, length = struct.unpack_from("<IQ", data, position)
        position += 12
        values = []
        for _ in range(length):
            value, position = _read_value(data, position, inner)
            values.append(value)
        return values, position
    layout = "<" + _FORMATS[kind]
    return struct.unpack_from(layout, data, position)[0], position + struct.calcsize(layout)
