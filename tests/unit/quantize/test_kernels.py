"""Our kernels against ggml's: the same bytes, on every processor variant this machine runs.

MODELYARD_KERNEL_BLOCKS sets how many blocks each type is compared on (10000000 for the full run, which takes most of
an hour, nearly all of it ggml's); without it a few thousand over all distributions.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from modelyard.convert import product
from modelyard.convert.content import RowBlock
from modelyard.convert.weights import to_float32
from modelyard.errors import Code, ModelyardError
from modelyard.formats.ggml_types import GgmlType as T
from modelyard.quantize import ggml, kernels, native
from modelyard.quantize.native import Outcome
from modelyard.quantize.recipes import TensorPlan
from tests.builders.weights import bf16, job

from .distributions import DISTRIBUTIONS

SEARCHED = [T.Q2_K, T.Q3_K, T.Q4_K, T.Q5_K, T.Q6_K, T.IQ4_NL, T.IQ4_XS]
SIMPLE = [T.Q8_0, T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.F16, T.BF16]
BLOCKS = int(os.environ.get("MODELYARD_KERNEL_BLOCKS", "0"))
COLUMNS = 1280


def variants() -> list[Any]:
    names = native.variants()
    found = [pytest.param(native.load(native.library_path(name)), id=name) for name in names]
    reason = "the kernels are not built (pip install -e . builds them)"
    return found or [pytest.param(None, marks=pytest.mark.skip(reason=reason))]


VARIANTS = variants()


def run(
    library: Any, source: T, rows: NDArray[Any], kind: T, columns: int, importance: NDArray[Any] | None = None
) -> tuple[Outcome, NDArray[np.uint8]]:
    out = np.zeros((len(rows), kind.row_bytes(columns)), np.uint8)
    weights = importance.ctypes.data if importance is not None else None
    outcome = library.modelyard_convert(
        int(source), rows.ctypes.data, int(kind), out.ctypes.data, len(rows), columns, weights
    )
    return Outcome(outcome), out


def by_ggml(rows: NDArray[np.float32], kind: T, importance: NDArray[Any] | None = None) -> NDArray[np.uint8]:
    out = np.zeros((len(rows), kind.row_bytes(rows.shape[1])), np.uint8)
    ggml.quantize_rows(kind, rows, out, importance)
    return out


def compare(library: Any, kind: T, rows: NDArray[np.float32], importance: NDArray[Any] | None = None) -> None:
    """All rows equal; a row that ggml finds broken afterwards is refused."""
    compare_to(by_ggml(rows, kind, importance), library, kind, rows, importance)


def compare_to(
    expected: NDArray[Any], library: Any, kind: T, rows: NDArray[np.float32], importance: NDArray[Any] | None = None
) -> None:
    outcome, found = run(library, T.F32, rows, kind, rows.shape[1], importance)
    if outcome is Outcome.DONE:
        assert np.array_equal(found, expected), differing(kind, found, expected)
        return
    assert outcome is Outcome.TOO_LARGE
    for row, bytes_ in zip(rows, expected, strict=True):
        outcome, found = run(library, T.F32, row[None], kind, rows.shape[1], importance)
        valid = ggml.valid_blocks(kind, bytes_)
        assert outcome is (Outcome.DONE if valid else Outcome.TOO_LARGE)
        assert not valid or np.array_equal(found[0], bytes_), differing(kind, found[0], bytes_)


def differing(kind: T, found: NDArray[Any], expected: NDArray[Any]) -> str:
    bad = (found != expected).reshape(-1, kind.block_bytes).any(axis=1)
    return f"{kind.name}: {bad.sum()} of {bad.size} blocks differ, first {bad.argmax()}"


@pytest.mark.parametrize("library", VARIANTS)
@pytest.mark.parametrize("kind", SEARCHED + SIMPLE, ids=lambda kind: kind.name)
def test_same_bytes_over_all_distributions(library: Any, kind: T) -> None:
    for number, make in enumerate(DISTRIBUTIONS.values()):
        random = np.random.default_rng([number, int(kind)])
        compare(library, kind, np.ascontiguousarray(make(random, 8, COLUMNS), np.float32))


@pytest.mark.parametrize("library", VARIANTS)
@pytest.mark.parametrize("kind", [*SEARCHED, T.Q8_0], ids=lambda kind: kind.name)
def test_same_bytes_with_importance(library: Any, kind: T) -> None:
    for number, make in enumerate(DISTRIBUTIONS.values()):
        random = np.random.default_rng([number, int(kind), 1])
        importance = (random.random(COLUMNS) ** 4).astype(np.float32)
        importance[random.random(COLUMNS) < 0.1 * (number % 2)] = 0
        compare(library, kind, np.ascontiguousarray(make(random, 6, COLUMNS), np.float32), importance)


@pytest.mark.parametrize("library", VARIANTS)
@pytest.mark.parametrize("kind", [T.Q4_K, T.Q5_K, T.IQ4_XS], ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", ["outliers", "wide"])
def test_rare_turns_of_the_weighed_fit(library: Any, kind: T, name: str) -> None:
    """Scales that leave their range in the last round of the fit, and means near the limit of floats."""
    for seed in range(4):
        random = np.random.default_rng([seed, 22])
        importance = (random.random(COLUMNS) ** 4).astype(np.float32)
        compare(library, kind, np.ascontiguousarray(DISTRIBUTIONS[name](random, 48, COLUMNS), np.float32), importance)


@pytest.mark.slow
@pytest.mark.skipif(not BLOCKS, reason="MODELYARD_KERNEL_BLOCKS is not set")
@pytest.mark.timeout(0)
@pytest.mark.parametrize("kind", SEARCHED + SIMPLE, ids=lambda kind: kind.name)
def test_same_bytes_on_millions_of_blocks(kind: T) -> None:
    libraries = [value for parameter in VARIANTS for value in parameter.values]
    columns = 4096 if kind.block_elements > 1 else 1 << 16
    done, seed = 0, 0
    while done < BLOCKS:
        for make in DISTRIBUTIONS.values():
            random = np.random.default_rng([seed, int(kind)])
            rows = np.ascontiguousarray(make(random, 64, columns), np.float32)
            expected = by_ggml(rows, kind, None)
            for library in libraries:
                compare_to(expected, library, kind, rows)
            done += rows.size // kind.block_elements
            seed += 1


@pytest.mark.parametrize("library", VARIANTS)
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    kind=st.sampled_from(SEARCHED + SIMPLE),
    rows=st.integers(1, 9),
    blocks=st.integers(1, 40),
    name=st.sampled_from(["normal", "sparse", "blocks", "offset", "zero"]),
    source=st.sampled_from([T.F32, T.F16, T.BF16]),
    seed=st.integers(0, 1000),
)
def test_any_shape_and_source(library: Any, kind: T, rows: int, blocks: int, name: str, source: T, seed: int) -> None:
    """Runs, lanes and rows end where they like; F16 and BF16 rows give what their float32 copies give."""
    columns = blocks * kind.block_elements
    values = DISTRIBUTIONS[name](np.random.default_rng(seed), rows, -(-columns // 16) * 16)[:, :columns]
    values = np.ascontiguousarray(values, np.float32)
    stored: NDArray[Any] = values
    if source is T.F16:
        stored = values.astype(np.float16)
        values = stored.astype(np.float32)
    elif source is T.BF16:
        stored = bf16(values)
        values = (stored.astype(np.uint32) << np.uint32(16)).view(np.float32)
    outcome, found = run(library, source, stored, kind, columns)
    assert outcome is Outcome.DONE
    assert np.array_equal(found, by_ggml(values, kind))


@pytest.mark.parametrize("library", VARIANTS)
def test_every_half_float_and_every_bfloat(library: Any) -> None:
    halves = np.arange(1 << 16, dtype=np.uint16)
    finite = np.ascontiguousarray(halves[np.isfinite(halves.view(np.float16))])[None]
    outcome, found = run(library, T.F16, finite, T.F32, finite.size)
    assert outcome is Outcome.DONE
    assert np.array_equal(found.view(np.uint32), finite.view(np.float16).astype(np.float32).view(np.uint32))
    outcome, back = run(library, T.F32, found.view(np.float32), T.F16, finite.size)
    assert outcome is Outcome.DONE
    assert np.array_equal(back.view(np.uint16), finite)


@pytest.mark.parametrize("library", VARIANTS)
def test_halves_round_to_even(library: Any) -> None:
    """Around every half float: the middle to the next, and a bit to both sides of it."""
    halves = np.arange(0x7BFF, dtype=np.uint16).view(np.float16).astype(np.float64)
    middle = ((halves[:-1] + halves[1:]) / 2).astype(np.float32)
    values = np.concatenate([middle, np.nextafter(middle, np.float32(0)), np.nextafter(middle, np.float32(1e9))])[None]
    for signed in (values, -values):
        outcome, found = run(library, T.F32, np.ascontiguousarray(signed), T.F16, values.size)
        assert outcome is Outcome.DONE
        assert np.array_equal(found.view(np.float16), signed.astype(np.float16))


@pytest.mark.parametrize("library", VARIANTS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", SEARCHED + SIMPLE, ids=lambda kind: kind.name)
def test_no_number_is_refused_wherever_it_stands(library: Any, kind: T, value: float) -> None:
    for place in (0, 4095, 4096, 5119):
        rows = np.ones((1, 5120), np.float32)
        rows[0, place] = value
        assert run(library, T.F32, rows, kind, 5120)[0] is Outcome.NOT_FINITE
        assert run(library, T.BF16, bf16(rows), kind, 5120)[0] is Outcome.NOT_FINITE
        assert run(library, T.F16, rows.astype(np.float16), kind, 5120)[0] is Outcome.NOT_FINITE


@pytest.mark.parametrize("library", VARIANTS)
def test_what_they_leave_to_ggml(library: Any) -> None:
    rows = np.ones((2, 512), np.float32)
    weights = np.ones(512, np.float32)
    assert run(library, T.F32, rows, T.IQ3_S, 512)[0] is Outcome.UNSUPPORTED
    assert run(library, T.Q8_0, rows, T.Q4_K, 512)[0] is Outcome.UNSUPPORTED
    assert run(library, T.F32, rows, T.Q4_0, 512, weights)[0] is Outcome.UNSUPPORTED
    assert run(library, T.F32, rows, T.Q8_0, 512, weights)[0] is Outcome.DONE


def plan(kind: T, source: T, through: T | None = None) -> TensorPlan:
    return TensorPlan(job("blk.0.attn_q.weight", np.zeros((2, 2), np.float32)), kind, source, through)


@pytest.fixture(params=["compiled", "ggml"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Our kernels and ggml's behave the same."""
    if request.param == "ggml":
        monkeypatch.setenv(native.VARIANT_VARIABLE, "ggml")
    native._library.cache_clear()
    yield
    native._library.cache_clear()


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("kind", [T.Q4_K, T.Q4_0, T.F16, T.F32, T.IQ3_S], ids=lambda kind: kind.name)
def test_encode(kind: T) -> None:
    values = np.random.default_rng(8).standard_normal((3, 512)).astype(np.float32)
    weights = np.ones(512, np.float32) if kind is T.IQ3_S else None
    out = np.empty((3, kind.row_bytes(512)), np.uint8)
    found = kernels.encode(RowBlock("F32", values), plan(kind, T.BF16, T.BF16), out, weights)
    stored = ggml_bf16(values)
    assert np.array_equal(found, by_ggml((stored.astype(np.uint32) << np.uint32(16)).view(np.float32), kind, weights))
    again = kernels.encode(RowBlock("RAW", stored.view(np.uint8)), plan(kind, T.BF16), out.copy(), weights)
    assert np.array_equal(again, found)


def ggml_bf16(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    return by_ggml(values, T.BF16).view(np.uint16)


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize(("value", "code"), [(np.nan, Code.WEIGHTS_NOT_FINITE), (1e30, Code.WEIGHTS_TOO_LARGE)])
@pytest.mark.parametrize("kind", [T.Q4_K, T.F16, T.Q8_0], ids=lambda kind: kind.name)
def test_broken_rows(kind: T, value: float, code: Code) -> None:
    values = np.full((2, 512), value, np.float32)
    values[:, ::2] = 0
    with pytest.raises(ModelyardError) as caught:
        kernels.encode(RowBlock("F32", values), plan(kind, T.F32), np.empty((2, kind.row_bytes(512)), np.uint8), None)
    assert caught.value.code is code


@pytest.mark.parametrize("stored", [b"", b"no library"])
def test_a_damaged_library_falls_back_with_a_line_in_the_log(
    stored: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(native, "FOLDER", tmp_path)
    if stored:
        native.library_path("baseline").write_bytes(stored)
    native._library.cache_clear()
    try:
        with caplog.at_level(logging.WARNING):
            out = np.empty((1, T.Q4_K.row_bytes(256)), np.uint8)
            rows = np.ones((1, 256), np.float32)
            assert np.array_equal(
                kernels.encode(RowBlock("F32", rows), plan(T.Q4_K, T.F32), out, None), by_ggml(rows, T.Q4_K)
            )
        assert len(caplog.records) == 1
    finally:
        native._library.cache_clear()


@pytest.mark.parametrize("library", VARIANTS)
@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16", "F8_E4M3"])
def test_a_product_added(library: Any, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "_library", lambda: library)
    random = np.random.default_rng(7)
    for count, columns, rank in ((1, 1, 1), (13, 31, 5), (24, 64, 16), (25, 100, 64), (70, 33, 3)):
        plain = random.standard_normal((count, columns), dtype=np.float32)
        left, right = random.standard_normal((count, rank)), random.standard_normal((rank, columns))
        rows = {
            "F32": lambda values: values,
            "F16": lambda values: values.astype(np.float16),
            "BF16": bf16,
            "F8_E4M3": lambda values: np.abs(values * 9).astype(np.uint8),
        }[dtype](plain)
        expected = to_float32(rows, dtype) + left @ right  # in float64
        for add in (native.add_product, product.add_product):
            found = add(dtype, rows, left.astype(np.float32), np.asfortranarray(right.astype(np.float32)))
            assert found.dtype == np.float32 and np.abs(found - expected).max() < 1e-4
