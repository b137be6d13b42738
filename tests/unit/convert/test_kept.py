"""NVFP4 checkpoints: in a file of the converter's own sizes the weights stay in their blocks, each with its factor; in
all others they are unpacked. Byte for byte what llama.cpp b11434 writes (compared once, on larger ones)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from modelyard.convert.content import GgufContent, TensorJob
from modelyard.convert.dequantize import unpacked
from modelyard.convert.lazy import BLOCKS, Lazy, NotMovable, columns, plus_one
from modelyard.convert.plan import gguf_content
from modelyard.convert.unpack.blocks import nvfp4_blocks, nvfp4_groups
from modelyard.events import CancelToken
from modelyard.formats.checkpoint import TensorTable
from modelyard.formats.ggml_types import GgmlType
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.quantize.layout import exact_sizes
from modelyard.quantize.recipes import choose_types
from modelyard.quantize.writer import write_gguf
from tests.builders.hf_folder_models import VOCABULARY, write_tokenizer
from tests.builders.safetensors_file import write_safetensors

WIDTH, HEADS = 128, 2
RANDOM = np.random.default_rng(3)
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": WIDTH,
    "intermediate_size": WIDTH,
    "num_hidden_layers": 1,
    "num_attention_heads": HEADS,
    "num_key_value_heads": HEADS,
    "vocab_size": VOCABULARY,
    "rms_norm_eps": 1e-5,
}
LAYER = "model.layers.0"
PARTS = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj")
PARTS += ("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")


def stored_weights(maker: str) -> dict[str, NDArray[Any]]:
    tensors: dict[str, NDArray[Any]] = {
        "model.embed_tokens.weight": RANDOM.random((VOCABULARY, WIDTH)).astype(np.float16),
        "lm_head.weight": RANDOM.random((VOCABULARY, WIDTH)).astype(np.float16),
        "model.norm.weight": np.ones(WIDTH, np.float16),
        f"{LAYER}.input_layernorm.weight": np.ones(WIDTH, np.float16),
        f"{LAYER}.post_attention_layernorm.weight": np.ones(WIDTH, np.float16),
    }
    for part in PARTS:
        codes = RANDOM.integers(0, 256, (WIDTH, WIDTH // 2)).astype(np.uint8)
        scale = RANDOM.integers(0, 0x70, (WIDTH, WIDTH // 16)).astype(np.uint8)
        stem = f"{LAYER}.{part}"
        if maker == "modelopt":
            tensors |= {f"{stem}.weight": codes, f"{stem}.weight_scale": scale}
            tensors |= {f"{stem}.weight_scale_2": np.float32([0.25]), f"{stem}.input_scale": np.float32([0.5])}
        else:
            tensors |= {f"{stem}.weight_packed": codes, f"{stem}.weight_scale": scale}
            tensors |= {f"{stem}.weight_global_scale": np.float32([4]), f"{stem}.input_global_scale": np.float32([2])}
    return tensors


def checkpoint(folder: Path, tensors: dict[str, NDArray[Any]], packing: dict[str, Any], **more: Any) -> TensorTable:
    folder.mkdir()
    config = {**CONFIG, **more, "quantization_config": packing}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    kinds = {name: "F8_E4M3" for name in tensors if name.endswith("weight_scale")}
    write_safetensors(folder / "model.safetensors", tensors, kinds)
    write_tokenizer(folder)
    return unpacked(open_checkpoint(folder))


def rows_of(job: TensorJob, table: TensorTable) -> NDArray[Any]:
    reader = table.reader()
    try:
        count = int(np.prod(job.shape[:-1]))
        return np.concatenate([job.rows(reader, at, min(at + 5, count)).data for at in range(0, count, 5)])
    finally:
        reader.close()


def kept_of(content: GgufContent) -> GgufContent:
    assert content.kept is not None
    return content.kept


@pytest.mark.parametrize("maker", ["modelopt", "compressed-tensors"])
def test_weights_stay_in_their_blocks(tmp_path: Path, maker: str) -> None:
    tensors = stored_weights(maker)
    packing = {"quant_method": maker, "quant_algo": "NVFP4", "format": "nvfp4-pack-quantized", "config_groups": {}}
    table = checkpoint(tmp_path / "m", tensors, packing)
    content = gguf_content(table)
    jobs = {job.name: job for job in kept_of(content).tensors}
    assert list(jobs)[:6] == [
        f"blk.0.{part}.{ending}" for part in ("ffn_down", "ffn_gate") for ending in ("weight", "scale", "input_scale")
    ]
    packed = tensors[f"{LAYER}.self_attn.q_proj.weight{'' if maker == 'modelopt' else '_packed'}"]
    order = np.arange(WIDTH).reshape(HEADS, 2, -1).swapaxes(1, 2).reshape(-1)  # ggml's rotary order
    blocks = nvfp4_blocks(packed[order], tensors[f"{LAYER}.self_attn.q_proj.weight_scale"][order])
    query = jobs["blk.0.attn_q.weight"]
    assert query.fixed_type is GgmlType.NVFP4 and query.shape == (WIDTH, WIDTH)
    assert np.array_equal(rows_of(query, table), blocks)
    assert rows_of(jobs["blk.0.attn_q.scale"], table).tolist() == [[0.25]]
    assert rows_of(jobs["blk.0.attn_q.input_scale"], table).tolist() == [[0.5]]


def test_file_type_and_sizes(tmp_path: Path) -> None:
    table = checkpoint(tmp_path / "m", stored_weights("modelopt"), {"quant_method": "modelopt"})
    content = gguf_content(table)
    assert [choose_types(content, size).file_type for size in ("original", "f32", "q8_0", "F16")] == [39, 39, 7, 1]
    assert not any(plan.type is GgmlType.NVFP4 for plan in choose_types(content, "Q8_0").tensors)
    sizes = exact_sizes(content, ["original", "F16"])
    assert sizes["F16"] - sizes["original"] > len(PARTS) * WIDTH * WIDTH


def test_weights_for_plain_inputs_are_told(tmp_path: Path) -> None:
    packing = {"quant_method": "modelopt", "quant_algo": "W4A16_NVFP4"}
    table = checkpoint(tmp_path / "m", stored_weights("modelopt"), packing)
    content = gguf_content(table)
    told = {entry.key: entry.value for entry in kept_of(content).metadata if "tensor_extra" in entry.key}
    assert told["general.tensor_extra.name"][0] == "blk.0.attn_k.weight"
    assert told["general.tensor_extra.prec_a4"] == [False] * len(PARTS)
    assert not any("tensor_extra" in entry.key for entry in content.metadata)


def test_blocks_move_but_are_not_computed_with() -> None:
    codes = RANDOM.integers(0, 256, (3, 64)).astype(np.uint8)
    scale = RANDOM.integers(0, 0x70, (3, 8)).astype(np.uint8)
    order = np.array([7, 1, 2, 3, 4, 5, 6, 0])
    bytes_of = np.arange(64).reshape(8, 8)[order].reshape(-1)
    moved = nvfp4_groups(nvfp4_blocks(codes, scale), order)
    assert np.array_equal(moved, nvfp4_blocks(codes[:, bytes_of], scale[:, order]))
    tensor = Lazy((3, 128), BLOCKS, ("w",), lambda *_: pytest.fail("not read"))
    assert columns(tensor, np.arange(128).reshape(8, 16)[order].reshape(-1)).shape == (3, 128)
    with pytest.raises(NotMovable):
        columns(tensor, np.arange(128)[::-1])
    with pytest.raises(NotMovable):
        plus_one(tensor)


def test_experts_that_are_no_whole_blocks(tmp_path: Path) -> None:
    """One of two experts' down projections was left unpacked: that layer's experts all become numbers, nothing else."""
    tensors = {name: data for name, data in stored_weights("modelopt").items() if ".mlp." not in name}
    tensors[f"{LAYER}.block_sparse_moe.gate.weight"] = np.ones((2, WIDTH), np.float16)
    for expert in range(2):
        for part in ("w1", "w2", "w3"):
            stem = f"{LAYER}.block_sparse_moe.experts.{expert}.{part}"
            tensors[f"{stem}.weight"] = RANDOM.integers(0, 256, (WIDTH, WIDTH // 2)).astype(np.uint8)
            tensors[f"{stem}.weight_scale"] = np.full((WIDTH, WIDTH // 16), 0x38, np.uint8)
            tensors[f"{stem}.weight_scale_2"] = np.float32([0.25])
    for ending in (".weight_scale", ".weight_scale_2"):
        del tensors[f"{LAYER}.block_sparse_moe.experts.0.w2{ending}"]
    tensors[f"{LAYER}.block_sparse_moe.experts.0.w2.weight"] = np.ones((WIDTH, WIDTH), np.float16)
    mixtral = {"architectures": ["MixtralForCausalLM"], "model_type": "mixtral"}
    experts = {"num_local_experts": 2, "num_experts_per_tok": 1}
    table = checkpoint(tmp_path / "m", tensors, {"quant_method": "modelopt"}, **mixtral, **experts)
    jobs = {job.name: job for job in kept_of(gguf_content(table)).tensors}
    assert jobs["blk.0.attn_q.weight"].fixed_type is GgmlType.NVFP4
    for part in ("gate", "up", "down"):
        job = jobs[f"blk.0.ffn_{part}_exps.weight"]
        assert job.fixed_type is None and f"blk.0.ffn_{part}_exps.scale" not in jobs
        rows = rows_of(job, table)
        assert rows.dtype != np.uint8 and rows.shape == (2 * WIDTH, WIDTH)


def test_written_in_the_order_of_reading(tmp_path: Path) -> None:
    """As while a repository is still being downloaded: the factors are no tensors of the checkpoint."""
    table = checkpoint(tmp_path / "m", stored_weights("modelopt"), {"quant_method": "modelopt"})
    reader = table.reader()
    content, digests = gguf_content(table), []
    try:
        for as_read in (False, True):
            written = write_gguf(
                content,
                "original",
                reader,
                tmp_path / f"{as_read}.gguf",
                listener=lambda event: None,
                cancel=CancelToken(),
                as_read=as_read,
            )
            digests.append(written.sha256)
    finally:
        reader.close()
    assert digests[0] == digests[1]
