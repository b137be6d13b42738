"""A small, clear GGUF writer for tests: valid tiny models, and files broken on purpose.

    GgufBuilder().text("general.architecture", "llama").tensor("output.weight", (4, 32)).write(path)

`tiny_model()` is read by any GGUF reader, `tiny_llama()` is loaded by llama.cpp and answers (nonsense).
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from modelyard.formats.ggml_types import GgmlType
from modelyard.formats.gguf_values import ValueType as T


class GgufBuilder:
    """Collects metadata and tensors; build() lays them out. Nothing is checked: lies are welcome.

    `marks` holds, after build(), where every structure begins: for files cut off at each of them.
    """

    def __init__(self, version: int = 3, alignment: int = 32) -> None:
        self.version = version
        self.alignment = alignment
        self.entries: list[tuple[bytes, bytes, bytes]] = []  # key, type numbers and count, value
        self.tensors: list[dict[str, Any]] = []
        self.tensor_count: int | None = None  # a lie about the number of tensors
        self.key_count: int | None = None
        self.marks: list[int] = []

    def add(self, key: str | bytes, kind: int, value: bytes) -> GgufBuilder:
        """A key with any type number and any value bytes."""
        raw = key if isinstance(key, bytes) else key.encode()
        self.entries.append((raw, struct.pack("<I", kind), value))
        return self

    def scalar(self, key: str, kind: T, value: Any) -> GgufBuilder:
        return self.add(key, kind, struct.pack("<" + kind.code, value))

    def u32(self, key: str, value: int) -> GgufBuilder:
        return self.scalar(key, T.UINT32, value)

    def text(self, key: str, value: str | bytes) -> GgufBuilder:
        return self.add(key, T.STRING, string(value))

    def array(self, key: str, element: int, values: bytes, count: int) -> GgufBuilder:
        """An array with any element type, count and bytes."""
        raw = key.encode()
        self.entries.append((raw, struct.pack("<IIQ", T.ARRAY, element & 0xFFFFFFFF, count), values))
        return self

    def numbers(self, key: str, element: T, values: Sequence[Any]) -> GgufBuilder:
        return self.array(key, element, struct.pack(f"<{len(values)}{element.code}", *values), len(values))

    def texts(self, key: str, values: Sequence[str | bytes]) -> GgufBuilder:
        return self.array(key, T.STRING, b"".join(string(value) for value in values), len(values))

    def tensor(
        self,
        name: str | bytes,
        shape: Sequence[int],
        kind: int = GgmlType.F32,
        data: bytes | None = None,
        offset: int | None = None,
        dimensions: int | None = None,
    ) -> GgufBuilder:
        """`shape` in numpy order. `data`: zeros if None. `offset` and `dimensions`: lies."""
        if data is None:
            known = GgmlType(kind)
            elements = 1
            for size in shape:
                elements *= size
            data = bytes(elements // known.block_elements * known.block_bytes)
        self.tensors.append(
            {"name": name, "shape": shape, "kind": kind, "data": data, "offset": offset, "dimensions": dimensions}
        )
        return self

    def build(self) -> bytes:
        out = bytearray()
        self.marks = []

        def put(*parts: bytes) -> None:
            for part in parts:
                self.marks.append(len(out))
                out.extend(part)

        tensor_count = len(self.tensors) if self.tensor_count is None else self.tensor_count
        key_count = len(self.entries) if self.key_count is None else self.key_count
        put(b"GGUF", struct.pack("<I", self.version), struct.pack("<Q", tensor_count), struct.pack("<Q", key_count))
        for key, kind, value in self.entries:
            put(struct.pack("<Q", len(key)), key, *(kind[at : at + 4] for at in range(0, len(kind), 4)), value)
        place = 0
        for tensor in self.tensors:
            shape = tensor["shape"]
            put(string(tensor["name"]))
            put(struct.pack("<I", len(shape) if tensor["dimensions"] is None else tensor["dimensions"]))
            put(*(struct.pack("<Q", size) for size in reversed(shape)))
            put(struct.pack("<I", tensor["kind"] & 0xFFFFFFFF))
            put(struct.pack("<Q", place if tensor["offset"] is None else tensor["offset"]))
            place += len(tensor["data"]) + -len(tensor["data"]) % self.alignment
        for tensor in self.tensors:
            put(bytes(-len(out) % self.alignment), tensor["data"])
        return bytes(out)

    def write(self, path: Path) -> Path:
        path.write_bytes(self.build())
        return path


def string(value: str | bytes) -> bytes:
    """A GGUF string: its length in 8 bytes, then its bytes."""
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def tiny_model(architecture: str = "llama", **numbers: int) -> GgufBuilder:
    """A well-formed model with every kind of value in its metadata and three tensors. `numbers` become keys
    of the architecture: block_count=3."""
    builder = GgufBuilder()
    builder.text("general.architecture", architecture).text("general.type", "model")
    builder.text("general.name", "Tiny 测试").text("general.license", "apache-2.0")
    builder.texts("general.languages", ["en", "zh"]).u32("general.file_type", 0)
    defaults = {"block_count": 2, "context_length": 256, "embedding_length": 32, "attention.head_count": 4}
    for key, value in (defaults | numbers).items():
        builder.u32(f"{architecture}.{key}", value)
    for kind in T:
        if kind.code:
            builder.scalar(f"test.{kind.name.lower()}", kind, 1)
            builder.numbers(f"test.{kind.name.lower()}_array", kind, [1, 0, 1])
    builder.text("tokenizer.ggml.model", "gpt2").texts("tokenizer.ggml.tokens", ["a", "b", "<|end|>"])
    builder.text("tokenizer.chat_template", "{{ messages[0].content }}")
    builder.tensor("token_embd.weight", (3, 32)).tensor("output_norm.weight", (32,))
    return builder.tensor("output.weight", (3, 32), GgmlType.Q8_0)


def vocabulary_model(tokens: int, merges: int) -> GgufBuilder:
    """A model header with a real-sized vocabulary."""
    chance = random.Random(tokens)
    builder = GgufBuilder().text("general.architecture", "qwen2").u32("qwen2.block_count", 2)
    builder.text("tokenizer.ggml.model", "gpt2")
    builder.texts("tokenizer.ggml.tokens", [b"x" * chance.randint(1, 12) for _ in range(tokens)])
    builder.numbers("tokenizer.ggml.token_type", T.INT32, [1] * tokens)
    builder.texts("tokenizer.ggml.merges", [b"ab cd" + b"e" * chance.randint(0, 9) for _ in range(merges)])
    return builder.tensor("token_embd.weight", (8, 32))


def tiny_llama(width: int = 32, layers: int = 2, chat_template: str = "") -> GgufBuilder:
    """A llama of random weights (about 100 kB) that llama.cpp loads: 256 byte tokens, 4 heads."""
    chance = random.Random(width * 1000 + layers)
    tokens: list[str] = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁"]
    kinds = [2, 3, 3, *[6] * 256, 1]  # unknown, control, byte, normal
    inner = 2 * width

    builder = GgufBuilder().text("general.architecture", "llama").text("general.type", "model")
    builder.text("general.name", "Tiny Llama").u32("general.file_type", 0)
    builder.u32("llama.block_count", layers).u32("llama.context_length", 256).u32("llama.embedding_length", width)
    builder.u32("llama.feed_forward_length", inner).u32("llama.attention.head_count", 4)
    builder.u32("llama.attention.head_count_kv", 2).u32("llama.rope.dimension_count", width // 4)
    builder.scalar("llama.attention.layer_norm_rms_epsilon", T.FLOAT32, 1e-5)
    builder.text("tokenizer.ggml.model", "llama").text("tokenizer.ggml.pre", "default")
    builder.texts("tokenizer.ggml.tokens", tokens)
    builder.numbers("tokenizer.ggml.scores", T.FLOAT32, [0.0] * len(tokens))
    builder.numbers("tokenizer.ggml.token_type", T.INT32, kinds)
    builder.u32("tokenizer.ggml.bos_token_id", 1).u32("tokenizer.ggml.eos_token_id", 2)
    builder.u32("tokenizer.ggml.unknown_token_id", 0)
    if chat_template:
        builder.text("tokenizer.chat_template", chat_template)

    def weights(name: str, *shape: int, value: Callable[[], float] = lambda: chance.uniform(-0.2, 0.2)) -> None:
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        builder.tensor(name, shape, data=struct.pack(f"<{count}f", *(value() for _ in range(count))))

    weights("token_embd.weight", len(tokens), width)
    weights("output_norm.weight", width, value=lambda: 1.0)
    weights("output.weight", len(tokens), width)
    for layer in range(layers):
        stem = f"blk.{layer}."
        weights(stem + "attn_norm.weight", width, value=lambda: 1.0)
        weights(stem + "attn_q.weight", width, width)
        weights(stem + "attn_k.weight", width // 2, width)
        weights(stem + "attn_v.weight", width // 2, width)
        weights(stem + "attn_output.weight", width, width)
        weights(stem + "ffn_norm.weight", width, value=lambda: 1.0)
        weights(stem + "ffn_gate.weight", inner, width)
        weights(stem + "ffn_up.weight", inner, width)
        weights(stem + "ffn_down.weight", width, inner)
    return builder


def projector_file(width: int, kind: str = "mlp", name: str = "", size: int = 1) -> GgufBuilder:
    """A vision projector whose vectors are `width` long. `size`: general.file_type (0 F32, 1 F16, 32 BF16)."""
    builder = GgufBuilder().text("general.architecture", "clip").text("general.type", "mmproj")
    builder.u32("general.file_type", size).scalar("clip.has_vision_encoder", T.BOOL, True)
    builder.text("clip.projector_type", kind).u32("clip.vision.embedding_length", 16)
    if name:
        builder.text("general.name", name)
    weights = {0: GgmlType.F32, 1: GgmlType.F16, 32: GgmlType.BF16}[size]
    if kind == "gemma3":
        return builder.tensor("mm.input_projection.weight", (16, width), weights)
    return builder.tensor("mm.0.weight", (width, 16), weights).tensor("mm.2.weight", (width, width), weights)


def split_files(folder: Path, prefix: str, parts: int, total: int | None = None) -> list[Path]:
    """A well-formed split set of one tensor a part; `total`: a lie about the number of all tensors."""
    paths: list[Path] = []
    for number in range(parts):
        builder = GgufBuilder()
        if number == 0:
            builder = tiny_model()
            builder.tensors.clear()
        builder.scalar("split.no", T.UINT16, number).scalar("split.count", T.UINT16, parts)
        builder.scalar("split.tensors.count", T.INT32, parts if total is None else total)
        builder.tensor(f"blk.{number}.weight", (number + 1, 32))
        paths.append(builder.write(folder / f"{prefix}-{number + 1:05d}-of-{parts:05d}.gguf"))
    return paths


class BytesSource:
    """A ByteSource of bytes followed by zeros up to `size`, as in a sparse file. Counts what is read."""

    def __init__(self, data: bytes, size: int | None = None, name: str = "test.gguf") -> None:
        self._data = data
        self._size = len(data) if size is None else size
        self._name = name
        self.reads: list[int] = []

    @property
    def name(self) -> str:
        return self._name

    @property
    def size(self) -> int:
        return self._size

    def read_at(self, offset: int, length: int) -> bytes:
        length = max(0, min(length, self._size - offset))
        self.reads.append(length)
        part = self._data[offset : offset + length]
        return part + bytes(length - len(part))
