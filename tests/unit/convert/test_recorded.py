"""Families against recorded results of llama.cpp b11434's converter (f16, transformers 4.57.6): metadata, names,
shapes, types and the bytes of every tensor, read in small blocks as the writer may.

Each file of recorded/ holds a configuration, the checkpoint's tensors, and what came out; the weights follow from their
names (tests/builders/recorded_checkpoint.py)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.convert.content import GgufContent, TensorJob, ValueType, WeightReader
from modelyard.convert.lazy import as_float32
from modelyard.convert.plan import gguf_content
from modelyard.formats.ggml_types import GgmlType
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.quantize.layout import file_metadata
from modelyard.quantize.recipes import choose_types
from tests.builders.recorded_checkpoint import write_recorded
from tests.builders.vocabularies import write_pieces, write_qwen, write_wordpiece

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.json"))
NAMES = {ValueType.STRING: "string", ValueType.ARRAY: "array", ValueType.BOOL: "bool", ValueType.UINT32: "u32"}
NAMES |= {ValueType.FLOAT32: "f32", ValueType.INT32: "i32"}
BLOCK = 37
MORE = ("exaone", "modernbert", "qwen")  # ours hold a key more, without which llama.cpp does not load them
VOCABULARIES = {"pieces": write_pieces, "wordpiece": write_wordpiece, "qwen": write_qwen}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded(path: Path, tmp_path: Path) -> None:
    recorded = json.loads(path.read_text(encoding="utf-8"))
    folder = write_recorded(tmp_path / "Model-1B", recorded["config"], recorded["tensors"])
    if (vocabulary := recorded.get("vocabulary")) is not None:
        VOCABULARIES[vocabulary](folder)
    table = open_checkpoint(folder)
    content = gguf_content(table)
    if path.stem not in MORE:
        assert own_keys(content) == recorded["keys"]
    reader = table.reader()
    try:
        found = {job.name: described(job, reader) for job in content.tensors}
    finally:
        reader.close()
    assert found == recorded["expected"]
    assert list(found) == list(recorded["expected"])


def own_keys(content: GgufContent) -> list[Any]:
    """The architecture's keys, as dump_gguf.py tells them; of arrays, their lengths are in the recording."""
    own = [entry for entry in content.metadata if not entry.key.startswith(("tokenizer", "general"))]
    return [[entry.key, NAMES[entry.type], shown(entry.type, entry.value)] for entry in own]


def shown(kind: ValueType, value: Any) -> Any:
    if kind is ValueType.ARRAY:
        return len(value)
    return float(np.float32(value)) if kind is ValueType.FLOAT32 else value


def described(job: TensorJob, reader: WeightReader) -> list[Any]:
    """[type, GGUF's shape, beginning of the SHA-256] of a tensor in an F16 file."""
    kind = GgmlType.F16 if job.fixed_type is None else job.fixed_type
    rows = int(np.prod(job.shape[:-1]))
    step = rows if job.whole else BLOCK
    digest = hashlib.sha256()
    for start in range(0, rows, step):
        block = job.rows(reader, start, min(start + step, rows))
        if block.dtype == "RAW":
            digest.update(np.ascontiguousarray(block.data).tobytes())
        else:
            digest.update(as_float32(block).astype(np.float16 if kind is GgmlType.F16 else np.float32).tobytes())
    return [kind.name, list(reversed(job.shape)), digest.hexdigest()[:16]]


def test_the_quantization_version_stands_where_the_parameters_end(tmp_path: Path) -> None:
    """Also where a family's parameters hold a key of the tokenizer (Phi-2)."""
    recorded = json.loads((RECORDED[0].parent / "phi15.json").read_text(encoding="utf-8"))
    content = gguf_content(open_checkpoint(write_recorded(tmp_path / "m", recorded["config"], recorded["tensors"])))
    keys = [entry.key for entry in file_metadata(content, choose_types(content, "f16"))]
    at = keys.index("general.quantization_version")
    assert keys[at - 2 : at] == ["general.file_type", "tokenizer.ggml.add_bos_token"]
