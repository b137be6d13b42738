"""Figures of a whole conversion: python -m tests.bench.convert [folder]. Prints one JSON object.

A Llama of 1.1 GB in BF16 is made in a temporary folder (below `folder`, which needs 8 GB), read once so that it is in
memory, and imported by the program as a process of its own. MODELYARD_LLAMA_QUANTIZE names a llama-quantize to compare
with. Ratios hold on a busy machine, seconds only on an idle one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from modelyard.convert.plan import gguf_content
from modelyard.events import CancelToken
from modelyard.formats.ggml_types import GgmlType
from modelyard.formats.gguf import read_header
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.formats.source import FileSource
from modelyard.quantize import ggml, native
from modelyard.quantize.gguf_source import GgufFile, GgufWeights
from modelyard.quantize.layout import PlacedTensor
from modelyard.quantize.writer import plan_file, write_gguf

from .big_llama import GIANT, Shape, write_checkpoint

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as scratch:
        folder = Path(scratch)
        source = folder / "llama"
        figures: dict[str, Any] = {"cores": CORES, "source_bytes": write_checkpoint(source, Shape())}
        figures["plan_20_gb"] = plan_giant(folder / "giant")
        (source / "model.safetensors").read_bytes()  # warm
        figures["f16"] = import_by_program(source, folder, "f16")
        figures["q4_k_m"] = import_by_program(source, folder, "Q4_K_M")
        figures["threads"] = one_and_more_threads(source, folder)
        figures["kernels"] = against_kernels(source, folder)
        figures["llama_quantize"] = against_llama_quantize(source, folder)
        print(json.dumps(figures, indent=2))


def import_by_program(source: Path, folder: Path, size: str) -> dict[str, Any]:
    """The best of three runs, start of the program included."""
    result = folder / "result.gguf"
    command = [sys.executable, "-m", "modelyard", "import", str(source), "--size", size, "--engine", "none"]
    command += ["--output", str(result), "--data-dir", str(folder / "data"), "--json"]
    runs = []
    for _ in range(3):
        result.unlink(missing_ok=True)
        runs.append(measured(command))
    best = min(runs, key=lambda run: float(run["seconds"]))
    return {**best, "result_bytes": result.stat().st_size}


def measured(command: list[str]) -> dict[str, Any]:
    """Seconds, and the most that the processes held in memory and wrote."""
    started = time.perf_counter()
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    anonymous = written = 0
    while process.poll() is None:
        for one in (process, *children(process)):
            try:
                memory = one.memory_info()
                anonymous = max(anonymous, memory.rss - getattr(memory, "shared", 0))
                written = max(written, one.io_counters().write_chars if hasattr(one, "io_counters") else 0)
            except (psutil.Error, AttributeError):
                continue
        time.sleep(0.005)
    if process.returncode:
        raise SystemExit(f"failed: {' '.join(command)}")
    return {"seconds": time.perf_counter() - started, "anonymous_bytes": anonymous, "written_bytes": written}


def children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def write(source: Path, result: Path, size: str, threads: int) -> float:
    """Seconds of the writer alone."""
    table = open_checkpoint(source)
    content, reader = gguf_content(table), table.reader()
    started = time.perf_counter()
    try:
        write_gguf(content, size, reader, result, listener=lambda e: None, cancel=CancelToken(), threads=threads)
    finally:
        reader.close()
    return time.perf_counter() - started


def one_and_more_threads(source: Path, folder: Path) -> dict[str, float]:
    """One thread is one on one core: the checksum, which has a thread of its own, would take a second core otherwise,
    and two threads on two cores have none to spare for it either. Also without that, for what it says."""
    result = folder / "threads.gguf"
    free = min(write(source, result, "Q4_K_M", 1) for _ in range(3))
    with on_one_core():
        one = min(write(source, result, "Q4_K_M", 1) for _ in range(3))
    every = min(write(source, result, "Q4_K_M", CORES) for _ in range(3))
    result.unlink()
    return {
        "one_seconds": one,
        "all_seconds": every,
        "ratio": one / every,
        "one_beside_checksum_seconds": free,
        "ratio_beside_checksum": free / every,
    }


@contextmanager
def on_one_core() -> Iterator[None]:
    """Where the system can; threads started meanwhile stay there."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def against_kernels(source: Path, folder: Path) -> dict[str, float]:
    """Q4_K_M by the writer, and its kernel work alone: the same tensors from memory, on all cores, by our kernels and
    by ggml's (a sixteenth of the rows, which is enough)."""
    result = folder / "kernels.gguf"
    writer = min(write(source, result, "Q4_K_M", CORES) for _ in range(2))
    table = open_checkpoint(source)
    tensors = [tensor for tensor in plan_file(gguf_content(table), "Q4_K_M").tensors if tensor.rows > 1]
    rows = np.random.default_rng(2).standard_normal((1024, max(tensor.columns for tensor in tensors)), dtype=np.float32)

    def seconds(library: str, part: int) -> float:
        started = time.perf_counter()
        with ThreadPoolExecutor(CORES) as pool:
            list(pool.map(lambda work: one_block(library, rows, *work), blocks(tensors, part)))
        return (time.perf_counter() - started) * part

    ours, theirs = seconds("ours", 1), seconds("ggml", 16)
    result.unlink()
    return {
        "writer_seconds": writer,
        "our_kernels_seconds": ours,
        "ggml_kernels_seconds": theirs,
        "writer_to_our_kernels": writer / ours,
        "writer_to_ggml_kernels": writer / theirs,
    }


def blocks(tensors: list[PlacedTensor], part: int) -> list[tuple[PlacedTensor, int]]:
    return [
        (tensor, min(512, tensor.rows // part - start))
        for tensor in tensors
        for start in range(0, tensor.rows // part, 512)
    ]


def one_block(library: str, rows: np.ndarray[Any, np.dtype[np.float32]], tensor: PlacedTensor, count: int) -> None:
    data = np.ascontiguousarray(rows[:count, : tensor.columns])
    out = np.empty((count, tensor.row_bytes), np.uint8)
    if library == "ours":
        native.convert(GgmlType.F32, data, tensor.type, out, None)
    else:
        ggml.quantize_rows(tensor.type, data, out, None)


def against_llama_quantize(source: Path, folder: Path) -> dict[str, float] | None:
    """llama-quantize from a BF16 GGUF of the same model, against the whole import by the program."""
    program = os.environ.get("MODELYARD_LLAMA_QUANTIZE")
    if not program:
        return None
    gguf, theirs = folder / "bf16.gguf", folder / "theirs.gguf"
    write(source, gguf, "bf16", CORES)
    with FileSource(gguf) as opened:
        GgufWeights([GgufFile(gguf, read_header(opened))])  # it is a good file
    ours = import_by_program(source, folder, "Q4_K_M")["seconds"]
    seconds = measured([program, str(gguf), str(theirs), "Q4_K_M", str(CORES)])["seconds"]
    return {"theirs_seconds": seconds, "ours_seconds": ours, "ratio": seconds / ours}


def plan_giant(folder: Path) -> dict[str, float]:
    """A 20 GB checkpoint, all holes: the plan of every size, in a process of its own."""
    write_checkpoint(folder, GIANT, sparse=True)
    script = (
        "import sys; from pathlib import Path\n"
        "from modelyard.formats.hf_folder import open_checkpoint\n"
        "from modelyard.convert.plan import gguf_content\n"
        "from modelyard.quantize.layout import exact_sizes\n"
        "from modelyard.quantize.sizes import offered\n"
        "content = gguf_content(open_checkpoint(Path(sys.argv[1])))\n"
        "print(exact_sizes(content, [size.name for size in offered()]))\n"
    )
    run = measured([sys.executable, "-c", script, str(folder)])
    return {"seconds": run["seconds"], "anonymous_bytes": run["anonymous_bytes"]}


if __name__ == "__main__":
    main()
