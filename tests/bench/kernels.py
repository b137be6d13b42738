"""Figures of the quantization kernels: python -m tests.bench.kernels. Prints one JSON object.

For each type, on one core and in the same run: million weights a second of ggml's kernel and of ours (every variant
this processor runs), and the ratio of the variant in use.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from modelyard.formats.ggml_types import GgmlType as T
from modelyard.quantize import ggml, native

TYPES = (
    T.Q4_K,
    T.Q5_K,
    T.Q6_K,
    T.Q2_K,
    T.Q3_K,
    T.IQ4_NL,
    T.IQ4_XS,
    T.Q8_0,
    T.Q4_0,
    T.Q4_1,
    T.Q5_0,
    T.Q5_1,
    T.F16,
    T.BF16,
)
COLUMNS = 4096
ROWS = 256
ROUNDS = 5


def main() -> None:
    random = np.random.default_rng(1)
    rows = random.standard_normal((ROWS, COLUMNS), dtype=np.float32) * np.float32(0.02)
    bf16 = (rows.view(np.uint32) >> np.uint32(16)).astype(np.uint16)
    names = native.variants()
    libraries = {name: native.load(native.library_path(name)) for name in names}
    figures: dict[str, Any] = {"variants": list(names)}
    for kind in TYPES:
        few = ROWS // 16 if kind in (T.IQ4_NL, T.IQ4_XS) else ROWS // 4
        speeds = {"ggml": speed(few, by_ggml(kind, rows[:few]))}
        for name, library in libraries.items():
            speeds[name] = speed(ROWS, by_ours(library, T.F32, kind, rows))
        if names:
            speeds["from_bf16"] = speed(ROWS, by_ours(libraries[names[0]], T.BF16, kind, bf16))
            speeds["ratio"] = round(speeds[names[0]] / speeds["ggml"], 2)
        figures[kind.name] = speeds
    print(json.dumps(figures, indent=2))


def speed(rows: int, work: Callable[[], None]) -> float:
    """Million weights a second, the best round."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return round(rows * COLUMNS / best / 1e6, 1)


def by_ggml(kind: T, rows: np.ndarray[Any, np.dtype[np.float32]]) -> Callable[[], None]:
    out = np.empty((len(rows), kind.row_bytes(COLUMNS)), np.uint8)
    return lambda: ggml.quantize_rows(kind, rows, out, None)


def by_ours(library: Any, source: T, kind: T, rows: np.ndarray[Any, Any]) -> Callable[[], None]:
    out = np.empty((len(rows), kind.row_bytes(COLUMNS)), np.uint8)
    arguments = (int(source), rows.ctypes.data, int(kind), out.ctypes.data, len(rows), COLUMNS, None)
    return lambda: library.modelyard_convert(*arguments)


if __name__ == "__main__":
    main()
