"""Malformed GGUF headers: each gives a coded error, having read and allocated little. Bounds are checked by counting
bytes, not by a clock."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelyard.errors import Code, ModelyardError
from modelyard.formats.ggml_types import GgmlType
from modelyard.formats.gguf import read_array, read_bytes, read_header, read_preview
from modelyard.formats.gguf_cursor import LARGEST_CHUNK
from modelyard.formats.gguf_facts import facts
from modelyard.formats.gguf_values import ValueType as T
from modelyard.formats.mmproj import best_projectors, projector
from tests.builders.gguf_files import BytesSource, GgufBuilder, string, tiny_model

MEGABYTE = 1024 * 1024
ABSURD = (2**17, 2**24, 2**31, 2**32, 10 * 10**9, 2**62, 2**63 - 1, 2**63, 2**64 - 8, 2**64 - 1)


@dataclass(frozen=True)
class Case:
    name: str
    data: bytes
    codes: tuple[Code, ...] = (Code.GGUF_INVALID, Code.GGUF_TRUNCATED)
    size: int | None = None  # of the file, if it goes on with zeros


def model() -> GgufBuilder:
    return GgufBuilder().text("general.architecture", "llama")


def broken_starts() -> Iterator[Case]:
    good = tiny_model().build()
    for length in range(4):
        yield Case(f"only {length} bytes", good[:length], (Code.GGUF_NOT_GGUF,))
    for magic in (
        b"GGML",
        b"ggjt",
        b"gguf",
        b"GGU\0",
        b"\0\0\0\0",
        b"PK\x03\x04",
        b"<!DO",
        b"\xff\xff\xff\xff",
        b"FUGG",
    ):
        yield Case(f"magic {magic!r}", magic + good[4:], (Code.GGUF_NOT_GGUF,))
    for version in (0, 1, 4, 5, 255, 65535, 65537, 2**31 + 3, 2**32 - 1):
        yield Case(f"version {version}", good[:4] + struct.pack("<I", version) + good[8:], (Code.GGUF_VERSION,))
    for version in (2, 3):
        yield Case(f"big-endian {version}", good[:4] + struct.pack(">I", version) + good[8:], (Code.GGUF_BIG_ENDIAN,))
    for count in ABSURD:
        for size in (len(good), 2**50):
            bad = good[:8] + struct.pack("<Q", count) + good[16:]
            yield Case(f"{count} tensors of {size}", bad, size=size)
            bad = good[:16] + struct.pack("<Q", count) + good[24:]
            yield Case(f"{count} keys of {size}", bad, size=size)
    for more in (1, 2, 100):
        builder = tiny_model()
        builder.key_count = len(builder.entries) + more
        yield Case(f"{more} keys too many", builder.build())
        builder = tiny_model()
        builder.tensor_count = len(builder.tensors) + more
        yield Case(f"{more} tensors too many", builder.build())
        builder = tiny_model()
        builder.key_count = len(builder.entries) - more if len(builder.entries) > more else 0
        yield Case(f"{more} keys too few", builder.build())


def cut_off() -> Iterator[Case]:
    builder = tiny_model()
    good = builder.build()
    cuts = {at + shift for at in builder.marks for shift in (-1, 0, 1, 4)}
    for at in sorted(cuts):
        if 4 <= at < len(good):
            yield Case(f"cut at {at}", good[:at], (Code.GGUF_TRUNCATED,))


def broken_lengths() -> Iterator[Case]:
    for length in ABSURD:
        for size in (None, 2**50):
            where = f"{length} of {size}"
            raw = struct.pack("<Q", length) + b"abc"
            key = GgufBuilder()
            key.key_count = 1
            yield Case(f"key length {where}", key.build() + raw, size=size)
            name = model()
            name.tensor_count = 1
            yield Case(f"tensor name length {where}", name.build() + raw, size=size)
            if length > 2**25:  # a shorter one may stand in a large file
                yield Case(f"text length {where}", model().add("x", T.STRING, raw).build(), size=size)
                yield Case(f"text in array {where}", model().array("x", T.STRING, raw, 1).build(), size=size)
                yield Case(f"array of texts {where}", model().array("x", T.STRING, raw, length).build(), size=size)
        if length > 2**31:
            for kind in T:
                if kind.code:
                    yield Case(f"{length} {kind.name}", model().array("x", kind, b"\1" * 64, length).build())
                    yield Case(
                        f"{length} {kind.name} of 2**40", model().array("x", kind, b"", length).build(), size=2**40
                    )
    yield Case("many empty strings", model().array("x", T.STRING, b"", 10**8).build(), (Code.GGUF_INVALID,), 2**40)
    many = model()
    for number in range(40):
        many.array(f"x{number}", T.STRING, b"", 0)
    many.array("y", T.STRING, b"", 4_000_001)
    yield Case("too many strings", many.build(), (Code.GGUF_INVALID,), 2**40)


def broken_metadata() -> Iterator[Case]:
    for number in (13, 14, 99, 255, 2**16, 2**31, 2**32 - 1):
        yield Case(f"value type {number}", model().add("x", number, bytes(8)).build(), (Code.GGUF_INVALID,))
        yield Case(f"array of type {number}", model().array("x", number, bytes(64), 1).build(), (Code.GGUF_INVALID,))
    nested = struct.pack("<IQ", T.UINT8, 1) + b"\1"
    yield Case("array of arrays", model().array("x", T.ARRAY, nested, 1).build(), (Code.GGUF_INVALID,))
    deep = struct.pack("<IQ", T.ARRAY, 1) * 5000
    yield Case("arrays 5000 deep", model().array("x", T.ARRAY, deep, 1).build(), (Code.GGUF_INVALID,))
    for key in (b"", b"\xff\xfe", b"\xed\xa0\x80", b"a\x80"):
        yield Case(f"key {key!r}", model().add(key, T.UINT8, b"\0").build(), (Code.GGUF_INVALID,))
    yield Case("long key", model().add(b"k" * 70_000, T.UINT8, b"\0").build(), (Code.GGUF_INVALID,))
    yield Case("key twice", model().u32("x", 1).u32("x", 2).build(), (Code.GGUF_INVALID,))
    yield Case("architecture twice", model().text("general.architecture", "b").build(), (Code.GGUF_INVALID,))
    for value in (0, 3, 31, 33, 48, 2**31 + 1, 2**31, 2**32 - 1):
        yield Case(f"alignment {value}", model().u32("general.alignment", value).build(), (Code.GGUF_INVALID,))
    for kind in T:
        if kind.code and kind is not T.UINT32:
            bad = model().scalar("general.alignment", kind, 32 if kind is not T.BOOL else True)
            yield Case(f"alignment as {kind.name}", bad.build(), (Code.GGUF_INVALID,))
    yield Case("alignment as text", model().text("general.alignment", "32").build(), (Code.GGUF_INVALID,))
    bad = model().numbers("general.alignment", T.UINT32, [32])
    yield Case("alignment as array", bad.build(), (Code.GGUF_INVALID,))


def broken_tensors() -> Iterator[Case]:
    invalid = (Code.GGUF_INVALID,)
    for name in (b"", b"\xff", b"n" * 64, b"n" * 5000, b"a\0b"):
        yield Case(f"tensor name {name[:8]!r} {len(name)}", model().tensor(name, (32,)).build(), invalid)
    yield Case("tensor twice", model().tensor("a", (32,)).tensor("a", (32,)).build(), invalid)
    for count in (5, 6, 255, 2**16, 2**31, 2**32 - 1):
        yield Case(f"{count} dimensions", model().tensor("a", (32,), dimensions=count).build(), invalid)
    nan = struct.unpack("<Q", struct.pack("<d", float("nan")))[0]
    infinite = struct.unpack("<Q", struct.pack("<d", float("-inf")))[0]
    for value in (0, nan, infinite, 2**63, 2**64 - 1):
        for place in range(4):
            shape = [1, 1, 1, 32]
            shape[place] = value
            yield Case(f"dimension {value} at {place}", model().tensor("a", shape, data=bytes(128)).build())
    for shape in ((2**32, 2**32), (2**31, 2**31, 2**31, 2**31), (2**16,) * 4, (2**62, 4), (2**63 - 1, 32)):
        for size in (None, 2**62):
            yield Case(f"shape {shape} of {size}", model().tensor("a", shape, data=bytes(64)).build(), size=size)
    for number in (4, 5, 31, 32, 33, 36, 37, 38):
        bad = model().tensor("a", (256,), number, data=bytes(1024))
        yield Case(f"withdrawn type {number}", bad.build(), (Code.GGUF_TYPE_WITHDRAWN,))
    for number in (43, 44, 100, 255, 2**16, 2**31, 2**32 - 1):
        bad = model().tensor("a", (256,), number, data=bytes(1024))
        yield Case(f"unknown type {number}", bad.build(), (Code.GGUF_TYPE_UNKNOWN,))
    for kind in GgmlType:
        if kind.block_elements > 1:
            for row in (1, kind.block_elements - 1, kind.block_elements + 1):
                bad = model().tensor("a", (2, row), kind, data=bytes(4096))
                yield Case(f"row of {row} as {kind.name}", bad.build(), invalid)
    for offset in (1, 31, 32, 64, 96, 127, 160, 2**31, 2**32, 2**63, 2**64 - 128, 2**64 - 1):
        bad = model().tensor("a", (32,)).tensor("b", (32,), offset=offset)
        yield Case(f"second tensor at {offset}", bad.build(), invalid)
        yield Case(f"first tensor at {offset}", model().tensor("a", (32,), offset=offset).build(), invalid)
    for order in ((128, 0), (0, 0), (256, 128)):
        bad = model().tensor("a", (32,), offset=order[0]).tensor("b", (32,), offset=order[1])
        yield Case(f"offsets {order}", bad.build(), invalid)
    for kind in GgmlType:
        elements = kind.block_elements * 1000
        bad = model().tensor("a", (1000, elements), kind, data=bytes(64))
        yield Case(f"weights missing, {kind.name}", bad.build(), (Code.GGUF_TRUNCATED,))


SOURCES: tuple[Callable[[], Iterator[Case]], ...] = (
    broken_starts,
    cut_off,
    broken_lengths,
    broken_metadata,
    broken_tensors,
)
CASES = [case for source in SOURCES for case in source()]


def test_there_are_many_cases() -> None:
    assert len({(case.data, case.size) for case in CASES}) >= 500


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_malformed_header(case: Case) -> None:
    source = BytesSource(case.data, case.size)
    with pytest.raises(ModelyardError) as caught:
        read_header(source)
    assert caught.value.code in case.codes
    assert caught.value.fields["name"] == "test.gguf"
    assert sum(source.reads) < 8 * MEGABYTE


def test_memory_stays_small() -> None:
    """All cases one after another; numpy reports its arrays to tracemalloc as well."""
    read_preview(BytesSource(tiny_model().build()))
    tracemalloc.start()
    try:
        for case in CASES:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            with pytest.raises(ModelyardError):
                read_header(BytesSource(case.data, case.size))
            assert tracemalloc.get_traced_memory()[1] - before < 100 * MEGABYTE, case.name
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["texts", "arrays", "numbers"])
def test_many_values_that_are_each_small_enough(kind: str) -> None:
    """Text with one rare character takes four bytes for each; a small number in an array takes eight. What would be too
    much in memory stays in the file."""
    builder = model()
    for number in range({"texts": 36, "arrays": 450, "numbers": 500}[kind]):
        match kind:
            case "texts":
                builder.text(f"k{number}", "😀" + "x" * (MEGABYTE - 4))
            case "arrays":
                builder.texts(f"k{number}", ["😀" + "x" * 10] * 2000)
            case _:
                builder.numbers(f"k{number}", T.UINT8, [200] * 4096)
    source = BytesSource(builder.build())
    header = read_header(source)
    assert header.metadata["k0"].value is not None
    last = list(header.metadata.values())[-1]
    assert last.value is None and len(read_array(source, last)) in (MEGABYTE - 3, 2000, 4096)


def test_a_sparse_sea_of_empty_strings_ends() -> None:
    """As many strings as are allowed, all empty: read in large pieces, never kept."""
    builder = model().array("x", T.STRING, b"", 3_900_000)
    source = BytesSource(builder.build(), 2**40)
    header = read_header(source)
    assert header.metadata["x"].nbytes == 8 * 3_900_000
    assert header.metadata["x"].value is None
    assert max(source.reads) <= LARGEST_CHUNK
    assert sum(source.reads) < 40 * MEGABYTE


def test_strings_that_look_like_lengths() -> None:
    """Text made of lengths and zeros does not lead the quick way through a vocabulary astray."""
    values = [b"\x03" + bytes(7) + b"abc", bytes(30), b"", b"x" * 300, b"\x01\0\0\0\0\0\0\0y" * 3] * 4000
    source = BytesSource(model().texts("x", values).u32("after", 7).build())
    header = read_header(source)
    assert header.integer("after") == 7
    assert read_array(source, header.metadata["x"]) == [value.decode() for value in values]


def examine(data: bytes) -> None:
    """Everything that looks at a header it was given: coded errors only."""
    source = BytesSource(data)
    try:
        header = read_header(source)
    except ModelyardError:
        return
    known = facts(header)
    assert known.memory is None or known.memory.bytes_for(4096) >= 0
    found = projector(header)
    if found is not None:
        best_projectors("model.gguf", known, [found])
    for tensor in header.tensors:
        assert header.data_offset <= tensor.offset <= tensor.offset + tensor.nbytes <= source.size
    for entry in header.metadata.values():
        assert len(read_bytes(source, entry)) == entry.nbytes
        if entry.element is not None or entry.type is T.STRING:
            read_array(source, entry)


FUZZ = settings(
    max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
GOOD = tiny_model().build()


@FUZZ
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_changed_bytes(changes: list[tuple[int, int]]) -> None:
    data = bytearray(GOOD)
    for at, value in changes:
        data[at] = value
    examine(bytes(data))


@FUZZ
@given(st.integers(0, len(GOOD)), st.integers(0, 64), st.binary(max_size=64))
def test_replaced_stretch(at: int, length: int, inserted: bytes) -> None:
    examine(GOOD[:at] + inserted + GOOD[at + length :])


@FUZZ
@given(st.binary(max_size=400))
def test_noise_behind_a_good_start(noise: bytes) -> None:
    examine(GOOD[:24] + noise)
    examine(b"GGUF\3\0\0\0" + noise)


VALUES = st.one_of(
    st.sampled_from([0, 1, 2, 31, 2**31 - 1, 2**31, 2**32 - 1]).map(lambda n: (T.UINT32, struct.pack("<I", n))),
    st.integers(-(2**31), -1).map(lambda n: (T.INT32, struct.pack("<i", n))),
    st.sampled_from([2**63, 2**64 - 1]).map(lambda n: (T.UINT64, struct.pack("<Q", n))),
    st.sampled_from([float("nan"), float("inf"), 1.5]).map(lambda n: (T.FLOAT32, struct.pack("<f", n))),
    st.booleans().map(lambda b: (T.BOOL, struct.pack("<?", b))),
    st.binary(max_size=9).map(lambda b: (T.STRING, string(b))),
    st.lists(st.integers(-(2**31), 2**31 - 1), max_size=40).map(
        lambda n: (T.ARRAY, struct.pack(f"<IQ{len(n)}i", T.INT32, len(n), *n))
    ),
    st.lists(st.binary(max_size=9), max_size=5).map(
        lambda b: (T.ARRAY, struct.pack("<IQ", T.STRING, len(b)) + b"".join(string(x) for x in b))
    ),
)
FACT_KEYS = [
    *(f"general.{name}" for name in ("name", "type", "file_type", "tags", "license", "base_model.count", "size_label")),
    *(f"gemma3.{name}" for name in ("block_count", "context_length", "embedding_length", "pooling_type")),
    *(f"gemma3.attention.{name}" for name in ("head_count", "head_count_kv", "key_length", "sliding_window")),
    *(f"gemma3.attention.{name}" for name in ("sliding_window_pattern", "shared_kv_layers", "recurrent_layers")),
    *(
        f"gemma3.{name}"
        for name in ("ssm.inner_size", "ssm.state_size", "full_attention_interval", "vision.block_count")
    ),
    *("tokenizer.ggml.tokens", "tokenizer.chat_template", "tokenizer.chat_template.tool", "split.no", "split.count"),
    *("clip.projector_type", "clip.has_vision_encoder", "clip.vision.projection_dim", "adapter.type"),
]


@FUZZ
@given(st.dictionaries(st.sampled_from(FACT_KEYS), VALUES), st.sampled_from(["gemma3", "clip", "qwen3next", ""]))
def test_facts_of_lying_metadata(values: dict[str, tuple[T, bytes]], architecture: str) -> None:
    builder = GgufBuilder().text("general.architecture", architecture)
    for key, (kind, value) in values.items():
        builder.add(key.replace("gemma3", architecture), kind, value)
    examine(builder.tensor("mm.2.weight", (4, 32)).build())
