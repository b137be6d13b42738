"""Every case of ../shared/goldens: regenerate the checkpoint, convert it, compare with llama.cpp's own result.

Whole-file formats are compared strictly: all keys, types and values, all tensors, the order of both.
Quantized ones by their tensors, file type and quantization version, as the corpus says. Three keys that only
b11434 writes are missing in the older goldens (facts/converter.md, 16)."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from modelyard.convert.content import GgufContent
from modelyard.convert.dequantize import unpacked
from modelyard.convert.plan import gguf_content
from modelyard.convert.projector import projector_content
from modelyard.events import CancelToken
from modelyard.formats.checkpoint import TensorTable
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.quantize.writer import write_gguf
from tests.shared import SHARED

CORPUS = SHARED / "goldens"
NEWER_KEYS = (
    "tokenizer.ggml.add_bos_token",
    "tokenizer.ggml.add_eos_token",
    "general.sampling.penalty_repeat",
)
LARGE = 60_000_000
"""Elements of a checkpoint above which only one quantized size is made: the kernels are slow on two cores."""


def goldens() -> list[Any]:
    found = []
    for path in sorted(CORPUS.glob("cases/*/golden-*.json")):
        kind = path.stem.removeprefix("golden-")
        newer = path.with_name("golden-b11434-f16.json")
        if "mmproj" in kind or (kind == "f16" and newer.exists()):
            continue
        if kind[0].isupper() and kind != "Q4_K_M" and elements(path.parent) > LARGE:
            continue
        found.append(pytest.param(path, id=f"{path.parent.name}-{kind}"))
    return found or [pytest.param(None, marks=pytest.mark.skip(reason="../shared/goldens does not stand here"))]


@cache
def elements(case: Path) -> int:
    tensors = json.loads((case / "recipe.json").read_text(encoding="utf-8"))["tensors"]
    total = 0
    for tensor in tensors:
        count = 1
        for size in tensor["shape"]:
            count *= size
        total += count
    return total


@cache
def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"golden_{name}", CORPUS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, tuple[TensorTable, GgufContent]]:
    """Generated folders and their plans, each made once."""

    class Made(dict[Path, tuple[TensorTable, GgufContent]]):
        def __missing__(self, case: Path) -> tuple[TensorTable, GgufContent]:
            recipe = json.loads((case / "recipe.json").read_text(encoding="utf-8"))
            folder = tmp_path_factory.mktemp(case.name) / recipe["dir_name"]
            tool("make_checkpoint").main(str(case), str(folder))
            table = unpacked(open_checkpoint(folder))
            self[case] = table, gguf_content(table)
            return self[case]

    return Made()


@pytest.mark.parametrize("golden", goldens())
def test_golden(golden: Path, checkpoints: dict[Path, tuple[TensorTable, GgufContent]], tmp_path: Path) -> None:
    expected = json.loads(golden.read_text(encoding="utf-8"))
    kind = golden.stem.removeprefix("golden-").removeprefix("b11434-")
    size = {"auto": "original"}.get(kind, kind)
    table, content = checkpoints[golden.parent]
    result = tmp_path / "result.gguf"
    reader = table.reader()
    try:
        write_gguf(content, size, reader, result, listener=lambda event: None, cancel=CancelToken())
    finally:
        reader.close()
    found = tool("dump_gguf").dump(str(result))
    result.unlink()
    assert tensors(found) == tensors(expected)
    if kind[0].isupper():
        names = ("general.file_type", "general.quantization_version")
        assert pick(found, names) == pick(expected, names)
        return
    if "b11434" in golden.stem:
        assert found["kv"] == in_our_order(found, expected)
    else:
        left_out = [key for key in NEWER_KEYS if key not in keys(expected)]
        assert {key: entry for key, entry in keys(found).items() if key not in left_out} == keys(expected)
    assert [tensor["name"] for tensor in found["tensors"]] == [tensor["name"] for tensor in expected["tensors"]]
    assert found["alignment"] == expected["alignment"]


def projector_goldens() -> list[Any]:
    found = sorted(CORPUS.glob("cases/*/golden-*mmproj-*.json"))
    params = [pytest.param(path, id=f"{path.parent.name}-{path.stem.removeprefix('golden-')}") for path in found]
    return params or [pytest.param(None, marks=pytest.mark.skip(reason="../shared/goldens does not stand here"))]


@pytest.mark.parametrize("golden", projector_goldens())
def test_projector(golden: Path, checkpoints: dict[Path, tuple[TensorTable, GgufContent]], tmp_path: Path) -> None:
    expected = json.loads(golden.read_text(encoding="utf-8"))
    table, _ = checkpoints[golden.parent]
    size = golden.stem.rpartition("-")[2]
    content = projector_content(table, outtype=size)
    assert content is not None
    result, reader = tmp_path / "result.gguf", table.reader()
    try:
        write_gguf(content, size, reader, result, listener=lambda event: None, cancel=CancelToken())
    finally:
        reader.close()
    found = tool("dump_gguf").dump(str(result))
    assert (found["kv"], found["tensors"]) == (expected["kv"], expected["tensors"])
    assert found["alignment"] == expected["alignment"]


def tensors(dump: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {tensor["name"]: (tensor["type"], tensor["shape"], tensor["sha256"]) for tensor in dump["tensors"]}


def keys(dump: dict[str, Any]) -> dict[str, Any]:
    return {entry["key"]: entry for entry in dump["kv"]}


def pick(dump: dict[str, Any], names: tuple[str, ...]) -> list[Any]:
    return [keys(dump).get(name) for name in names]


def in_our_order(found: dict[str, Any], expected: dict[str, Any]) -> list[Any]:
    """The expected keys, the quantization version where ours stands: before the vocabulary's first key or its model."""
    entries = [entry for entry in expected["kv"] if entry["key"] != "general.quantization_version"]
    ours = [entry["key"] for entry in found["kv"]]
    version = keys(expected).get("general.quantization_version")
    if version is not None:
        before = ours[ours.index("general.quantization_version") + 1]
        entries.insert(next(n for n, entry in enumerate(entries) if entry["key"] == before), version)
    return entries
