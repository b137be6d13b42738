"""An add-on merged into a base that is a GGUF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGMLQuantizationType, quants
from numpy.typing import NDArray

from modelyard.convert.content import GgufContent, MetadataEntry, ValueType
from modelyard.convert.lora_gguf import GgufWithAddon, merged_gguf
from modelyard.errors import Code, ModelyardError
from modelyard.formats.adapter import open_adapter
from modelyard.formats.ggml_types import GgmlType
from modelyard.formats.gguf_values import GgufTensor
from tests.builders.lora_folder import Q, lora_folder, pair, product

WEIGHT = np.random.default_rng(5).standard_normal((32, 32)).astype(np.float32)
NORM, BIAS = np.ones(32, np.float32), np.arange(32, dtype=np.float32)


class Stored:
    """GGUF rows from memory, as quantize.gguf_source.GgufWeights gives them from a file."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        self._arrays = arrays

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        array = self._arrays[name]
        return np.ascontiguousarray(array.reshape(-1, array.shape[-1])[start:stop]).view(np.uint8)


def metadata(architecture: str, *more: MetadataEntry) -> Sequence[MetadataEntry]:
    numbers = {"block_count": 1, "attention.head_count": 4, "attention.head_count_kv": 2}
    keys = [MetadataEntry(f"{architecture}.{key}", ValueType.UINT32, value) for key, value in numbers.items()]
    return [MetadataEntry("general.name", ValueType.STRING, "Base"), *keys, *more]


def merge(
    folder: Path,
    tensors: dict[str, NDArray[Any]],
    kind: GgmlType = GgmlType.F32,
    architecture: str = "llama",
    **config: Any,
) -> tuple[GgufContent, GgufWithAddon]:
    adapter = open_adapter(lora_folder(folder / "lora", tensors, **config))
    stored = quants.quantize(WEIGHT, GGMLQuantizationType(int(kind)))
    arrays = {"token_embd.weight": stored, "blk.0.attn_q.weight": stored, "blk.0.attn_q.bias": BIAS}
    arrays["output_norm.weight"] = NORM
    table = [
        GgufTensor("token_embd.weight", kind, (32, 32), 0, 0),
        GgufTensor("blk.0.attn_q.weight", kind, (32, 32), 0, 0),
        GgufTensor("blk.0.attn_q.bias", GgmlType.F32, (32,), 0, 0),
        GgufTensor("output_norm.weight", GgmlType.F32, (32,), 0, 0),
    ]
    content = merged_gguf(architecture, metadata(architecture), table, adapter)
    return content, GgufWithAddon(Stored(arrays), adapter)


def rows_of(content: GgufContent, reader: GgufWithAddon, name: str) -> NDArray[Any]:
    job = next(job for job in content.tensors if job.name == name)
    blocks = [job.rows(reader, at, min(at + 5, job.shape[0])) for at in range(0, job.shape[0], 5)]
    assert {block.dtype for block in blocks} == {"F32"}
    return np.concatenate([block.data for block in blocks])


@pytest.mark.parametrize("kind", [GgmlType.F32, GgmlType.F16, GgmlType.BF16, GgmlType.Q8_0, GgmlType.Q4_0])
def test_base_of_any_type(tmp_path: Path, kind: GgmlType) -> None:
    tensors = pair(Q, 32, 32, 4)
    content, reader = merge(tmp_path, tensors, kind, "qwen2")
    stored = quants.quantize(WEIGHT, GGMLQuantizationType(int(kind)))
    base = quants.dequantize(stored, GGMLQuantizationType(int(kind)))
    merged = rows_of(content, reader, "blk.0.attn_q.weight")
    np.testing.assert_allclose(merged, base + 2 * product(tensors, Q), rtol=1e-5, atol=1e-5)
    assert content.original == ("bf16" if kind is GgmlType.BF16 else "f32" if kind is GgmlType.F32 else "f16")
    reader.close()


def test_rows_that_llama_reorders(tmp_path: Path) -> None:
    """Row 2i of a head in a checkpoint is row i of its first half (conversion/llama.py, permute)."""
    tensors = pair(Q, 32, 32, 4)
    content, reader = merge(tmp_path, tensors)
    delta = 2 * product(tensors, Q)
    permuted = delta.reshape(4, 2, 4, 32).swapaxes(1, 2).reshape(32, 32)
    merged = rows_of(content, reader, "blk.0.attn_q.weight")
    np.testing.assert_allclose(merged, WEIGHT + permuted, rtol=1e-5, atol=1e-5)
    reader.close()


def test_a_bias_moves_with_its_rows(tmp_path: Path) -> None:
    bias = np.arange(100, 132, dtype=np.float32)
    content, reader = merge(tmp_path, pair(Q, 32, 32, 4) | {f"base_model.model.{Q}.lora_B.bias": bias})
    moved = bias.reshape(4, 2, 4).swapaxes(1, 2).reshape(-1)
    job = next(job for job in content.tensors if job.name == "blk.0.attn_q.bias")
    assert np.array_equal(job.rows(reader, 0, 1).data.reshape(-1), BIAS + 2 * moved)
    reader.close()


@pytest.mark.parametrize("kind", [GgmlType.F32, GgmlType.Q8_0])
def test_single_tokens(tmp_path: Path, kind: GgmlType) -> None:
    """The output is the embedding and stays it."""
    tensors = {"base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta": WEIGHT[:2] + 1}
    content, reader = merge(tmp_path, tensors, kind, "qwen2", trainable_token_indices=[31, 4])
    merged = rows_of(content, reader, "token_embd.weight")
    assert np.array_equal(merged[[31, 4]], WEIGHT[:2] + 1)
    np.testing.assert_allclose(merged[:4], WEIGHT[:4], atol=0.03)
    assert "output.weight" not in {job.name for job in content.tensors}
    reader.close()


def test_other_tensors_and_keys_are_kept(tmp_path: Path) -> None:
    lora_folder(tmp_path / "lora", {})
    (tmp_path / "lora" / "chat_template.jinja").write_text("{{ x }}", encoding="utf-8")
    content, reader = merge(tmp_path, pair(Q, 32, 32, 4), GgmlType.F16)
    norm = content.tensors[-1]
    assert norm.fixed_type is GgmlType.F32 and content.tensors[0].fixed_type is None
    assert np.array_equal(norm.rows(reader, 0, 1).data.reshape(-1), NORM)
    keys = {entry.key: entry.value for entry in content.metadata}
    assert (keys["general.name"], keys["tokenizer.chat_template"]) == ("lora", "{{ x }}")
    reader.close()


@pytest.mark.parametrize(
    ("tensors", "architecture", "code"),
    [
        ({**pair(Q, 32, 32, 4), f"base_model.model.{Q}.lora_B.bias": NORM[:8]}, "llama", Code.ADAPTER_MISMATCH),
        (pair(Q, 32, 32, 4), "falcon", Code.ADAPTER_UNSUPPORTED),
        (pair(Q, 32, 16, 4), "llama", Code.ADAPTER_MISMATCH),
        (pair("model.layers.5.self_attn.q_proj", 32, 32, 4), "llama", Code.ADAPTER_MISMATCH),
        ({**pair(Q, 32, 32, 4), "base_model.model.lm_head.weight": NORM}, "llama", Code.ADAPTER_MISMATCH),
    ],
    ids=["bias", "architecture", "shape", "layer", "whole tensor"],
)
def test_what_does_not_fit(tmp_path: Path, tensors: dict[str, Any], architecture: str, code: Code) -> None:
    with pytest.raises(ModelyardError) as caught:
        merge(tmp_path, tensors, architecture=architecture)
    assert caught.value.code is code
