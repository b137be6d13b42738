"""MiMo V2.5 in FP8: what each machine held of queries, keys and values, put together again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.convert.dequantize import unpacked
from modelyard.convert.weights import to_float32
from modelyard.errors import Code, ModelyardError
from modelyard.formats.checkpoint import TensorTable
from modelyard.formats.hf_folder import open_checkpoint
from tests.builders.checkpoint_folder import model_folder
from tests.builders.packed_weights import whole
from tests.builders.safetensors_file import write_safetensors

HEADS, SIZE, VALUE, WIDTH, MACHINES = 8, 72, 48, 130, 4
CONFIG = {
    "architectures": ["MiMoV2ForCausalLM"],
    "num_attention_heads": HEADS,
    "head_dim": SIZE,
    "v_head_dim": VALUE,
    "num_key_value_heads": 4,
    "swa_num_key_value_heads": 8,
    "hybrid_layer_pattern": [0, 1],
}
PACKING = {"quant_method": "fp8", "weight_block_size": [128, 128]}


def rows_of(key_heads: int) -> tuple[int, int, int]:
    return HEADS * SIZE, key_heads * SIZE, key_heads * VALUE


def packed(folder: Path, name: str, rows: int, blocks: int, **packing: Any) -> TensorTable:
    chance = np.random.default_rng(rows)
    tensors = {
        f"{name}.weight": chance.integers(0, 127, (rows, WIDTH)).astype(np.uint8),
        f"{name}.weight_scale_inv": chance.random((blocks, 2)).astype(np.float32),
    }
    model_folder(folder, {}, quantization_config=PACKING | packing, **CONFIG)
    write_safetensors(folder / "model.safetensors", tensors, {f"{name}.weight": "F8_E4M3"})
    return unpacked(open_checkpoint(folder))


@pytest.mark.parametrize(
    ("name", "key_heads"),
    [("model.layers.0", 4), ("model.layers.1", 8), ("model.mtp.layers.0", 8)],
    ids=["full", "window", "ahead"],
)
def test_shares_of_four_machines(tmp_path: Path, name: str, key_heads: int) -> None:
    name, parts = f"{name}.self_attn.qkv_proj", rows_of(key_heads)
    share = sum(parts) // MACHINES
    blocks = MACHINES * -(-share // 128)
    table = packed(tmp_path / "m", name, sum(parts), blocks)
    reader = open_checkpoint(tmp_path / "m").reader()
    weight = to_float32(reader.read(f"{name}.weight", 0, sum(parts)), "F8_E4M3")
    scales = reader.read(f"{name}.weight_scale_inv", 0, blocks).reshape(MACHINES, -1, 2)
    reader.close()
    kept: list[list[Any]] = [[], [], []]
    for machine in range(MACHINES):
        own = weight[machine * share : (machine + 1) * share]
        own = own * np.stack([scales[machine, row // 128][np.arange(WIDTH) // 128] for row in range(share)])
        at = 0
        for part, rows in enumerate(parts):
            kept[part].append(own[at : at + rows // MACHINES])
            at += rows // MACHINES
    expected = np.concatenate([each for part in kept for each in part])
    assert np.array_equal(whole(table, f"{name}.weight", 37), expected)


def test_scales_that_fit_no_number_of_machines(tmp_path: Path) -> None:
    with pytest.raises(ModelyardError) as caught:
        packed(tmp_path / "m", "model.layers.0.self_attn.qkv_proj", sum(rows_of(4)), 3)
    assert caught.value.code is Code.PACKING_INVALID


def test_a_layer_the_configuration_does_not_tell(tmp_path: Path) -> None:
    with pytest.raises(ModelyardError) as caught:
        packed(tmp_path / "m", "model.layers.2.self_attn.qkv_proj", sum(rows_of(4)), MACHINES)
    assert caught.value.code is Code.PACKING_INVALID


def test_experts_in_mxfp4_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelyardError) as caught:
        packed(tmp_path / "m", "model.layers.0.mlp.experts.0.up_proj", 128, 1, store_dtype="mxfp4")
    assert caught.value.code is Code.PACKING_UNKNOWN
