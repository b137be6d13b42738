"""Folders MLX saved: packed numbers as mlx.core.dequantize gives them, experts one by one, families it rearranges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from modelyard.convert.dequantize import unpacked
from modelyard.convert.packed_as import encoder_left_out, packed_as
from modelyard.convert.projector import projector_content
from modelyard.convert.weights import to_bf16, to_float32
from modelyard.errors import Code, ModelyardError
from modelyard.formats.checkpoint import TensorTable
from modelyard.formats.hf_folder import open_checkpoint
from tests.builders.checkpoint_folder import model_folder
from tests.builders.packed_weights import pack_words, whole
from tests.builders.safetensors_file import write_safetensors

RANDOM = np.random.default_rng(11)
F32 = np.float32
Q = "model.layers.0.self_attn.q_proj"
FP4 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], F32)


def folder_of(path: Path, tensors: dict[str, Any], quantization: Any, **config: Any) -> Path:
    """config.json as mlx_lm writes it: the same settings under two names."""
    both = {"quantization": quantization, "quantization_config": quantization} if quantization else {}
    folder = model_folder(path, {}, **{"architectures": ["LlamaForCausalLM"], **both, **config})
    write_safetensors(folder / "model.safetensors", tensors, metadata={"format": "mlx"})
    return folder


def table_of(path: Path, tensors: dict[str, Any], quantization: Any, **config: Any) -> TensorTable:
    return unpacked(open_checkpoint(folder_of(path, tensors, quantization, **config)))


def affine(
    module: str, bits: int, *shape: int, group: int = 32, dtype: Any = np.float16
) -> tuple[dict[str, NDArray[Any]], NDArray[F32]]:
    """The three tensors of a module, and the numbers they stand for: two steps, each rounded to the stored type."""
    values = RANDOM.integers(0, 1 << bits, shape)
    scales, biases = ((RANDOM.random((*shape[:-1], shape[-1] // group)) - 0.5).astype(dtype) for _ in range(2))
    product = values.astype(dtype) * np.repeat(scales, group, -1)
    tensors = {
        f"{module}.weight": pack_words(values, bits).view(np.uint32),
        f"{module}.scales": scales,
        f"{module}.biases": biases,
    }
    return tensors, (product + np.repeat(biases, group, -1)).astype(F32)


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 5, 6, 8])
def test_affine(tmp_path: Path, bits: int) -> None:
    tensors, expected = affine(Q, bits, 6, 64)
    extra = {f"{Q}.bias": np.ones(6, np.float16), "model.norm.weight": np.ones(64, np.float16)}
    table = table_of(tmp_path / "m", tensors | extra, {"group_size": 32, "bits": bits})
    assert list(table.tensors) == ["model.layers.0.self_attn.q_proj.bias", f"{Q}.weight", "model.norm.weight"]
    assert table.original == "f16" and table.tensors[f"{Q}.weight"].dtype == "F16"
    assert np.array_equal(whole(table, f"{Q}.weight"), expected)


def test_bf16_is_rounded_after_each_step(tmp_path: Path) -> None:
    values = RANDOM.integers(0, 16, (4, 64))
    scales, biases = (to_bf16((RANDOM.random((4, 1)) - 0.5).astype(F32)) for _ in range(2))
    tensors = {f"{Q}.weight": pack_words(values, 4).view(np.uint32), f"{Q}.scales": scales, f"{Q}.biases": biases}
    folder = model_folder(tmp_path / "m", {}, quantization={"group_size": 64, "bits": 4})
    dtypes = {f"{Q}.scales": "BF16", f"{Q}.biases": "BF16"}
    write_safetensors(folder / "model.safetensors", tensors, dtypes)
    product = to_float32(to_bf16(values.astype(F32) * to_float32(scales, "BF16")), "BF16")
    expected = to_float32(to_bf16(product + to_float32(biases, "BF16")), "BF16")
    assert np.array_equal(whole(unpacked(open_checkpoint(folder)), f"{Q}.weight"), expected)


def test_modules_with_settings_of_their_own(tmp_path: Path) -> None:
    four, first = affine(Q, 4, 6, 64)
    eight, second = affine("lm_head", 8, 6, 64, group=64)
    settings = {"group_size": 32, "bits": 4, "lm_head": {"group_size": 64, "bits": 8}, "model.embed_tokens": False}
    table = table_of(tmp_path / "m", four | eight, settings)
    assert np.array_equal(whole(table, f"{Q}.weight"), first)
    assert np.array_equal(whole(table, "lm_head.weight"), second)


@pytest.mark.parametrize("mode", ["mxfp4", "nvfp4", "mxfp8"])
def test_small_floats(tmp_path: Path, mode: str) -> None:
    group = 16 if mode == "nvfp4" else 32
    codes = RANDOM.integers(0, 127 if mode == "mxfp8" else 16, (4, 64))
    scale = RANDOM.integers(40, 80 if mode == "nvfp4" else 140, (4, 64 // group)).astype(np.uint8)
    words = pack_words(codes, 8 if mode == "mxfp8" else 4).view(np.uint32)
    tensors = {f"{Q}.weight": words, f"{Q}.scales": scale}
    table = table_of(tmp_path / "m", tensors, {"group_size": group, "bits": 4, "mode": mode})
    values = to_float32(codes.astype(np.uint8), "F8_E4M3") if mode == "mxfp8" else FP4[codes]
    factors = to_float32(scale, "F8_E4M3" if mode == "nvfp4" else "F8_E8M0")
    assert table.tensors[f"{Q}.weight"].dtype == "BF16"
    assert np.array_equal(whole(table, f"{Q}.weight"), values * np.repeat(factors, group, -1))
    assert packed_as(open_checkpoint(tmp_path / "m")) == (f"MLX {mode.upper()}", True)


@pytest.mark.parametrize(
    ("architecture", "stack", "names"),
    [
        ("Qwen3MoeForCausalLM", "mlp.switch_mlp", "mlp.experts.{}.up_proj"),
        ("Dots1ForCausalLM", "mlp.experts", "mlp.experts.{}.up_proj"),
        ("MixtralForCausalLM", "block_sparse_moe.switch_mlp", "block_sparse_moe.experts.{}.w3"),
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_experts_come_one_by_one(tmp_path: Path, architecture: str, stack: str, names: str, packed: bool) -> None:
    tensors, expected = affine(f"model.layers.0.{stack}.up_proj", 4, 3, 5, 64)
    if not packed:
        tensors = {f"model.layers.0.{stack}.up_proj.weight": expected}
    settings = {"group_size": 32, "bits": 4} if packed else None
    table = table_of(tmp_path / "m", tensors, settings, architectures=[architecture])
    assert list(table.tensors) == [f"model.layers.0.{names.format(expert)}.weight" for expert in range(3)]
    for expert in range(3):
        assert np.array_equal(whole(table, f"model.layers.0.{names.format(expert)}.weight"), expected[expert])


def test_encoders_are_left_out(tmp_path: Path) -> None:
    tensors = {"vision_tower.x.weight": np.ones((2, 3, 3, 4), F32), "language_model.model.norm.weight": np.ones(4, F32)}
    config = {"architectures": ["Gemma3ForConditionalGeneration"], "vision_config": {"hidden_size": 8}}
    table = table_of(tmp_path / "m", tensors, None, **config)
    assert list(table.tensors) == ["language_model.model.norm.weight"]
    assert projector_content(table) is None
    assert encoder_left_out(open_checkpoint(tmp_path / "m")) == "MLX"
    assert not encoder_left_out(open_checkpoint(folder_of(tmp_path / "n", {"x.weight": np.ones((2, 2), F32)}, None)))


def test_turned_convolutions_and_norms_one_too_large(tmp_path: Path) -> None:
    conv, norm = RANDOM.random((6, 4, 1)).astype(F32), np.array([1.5, 0.75], F32)
    own = {
        "model.layers.0.linear_attn.conv1d.weight": conv,
        "model.norm.weight": norm,
        "model.layers.0.linear_attn.norm.weight": norm,
    }
    config = {"architectures": ["Qwen3NextForCausalLM"], "mtp_num_hidden_layers": 1}
    table = table_of(tmp_path / "m", own, None, **config)
    assert table.tensors["model.layers.0.linear_attn.conv1d.weight"].shape == (6, 1, 4)
    assert np.array_equal(whole(table, "model.layers.0.linear_attn.conv1d.weight"), conv.reshape(6, 1, 4))
    assert np.array_equal(whole(table, "model.norm.weight"), norm - 1)
    assert np.array_equal(whole(table, "model.layers.0.linear_attn.norm.weight"), norm)
    assert table.config["mtp_num_hidden_layers"] == 0  # MLX leaves those layers out
    published = {**own, "model.layers.0.linear_attn.conv1d.weight": conv.reshape(6, 1, 4)}  # AutoRound writes MLX's
    table = table_of(tmp_path / "n", published, None, **config)
    assert np.array_equal(whole(table, "model.norm.weight"), norm)


def test_experts_of_gpt_oss_stay_in_their_blocks(tmp_path: Path) -> None:
    stem = "model.layers.0.mlp.experts.up_proj"
    words = RANDOM.integers(0, 1 << 32, (2, 3, 12), np.uint32)
    scale = RANDOM.integers(100, 130, (2, 3, 3)).astype(np.uint8)
    own = {f"{stem}.weight": words, f"{stem}.scales": scale, f"{stem}.bias": np.ones((2, 3), F32)}
    settings = {"group_size": 32, "bits": 4, "mode": "mxfp4"}
    table = table_of(tmp_path / "m", own, settings, architectures=["GptOssForCausalLM"])
    assert list(table.tensors) == [f"{stem}.bias", f"{stem}_blocks", f"{stem}_scales"]
    assert table.tensors[f"{stem}_blocks"].shape == (2, 3, 3, 16)
    assert np.array_equal(whole(table, f"{stem}_blocks", 4), words.view(np.uint8).reshape(2, 3, 3, 16))
    assert np.array_equal(whole(table, f"{stem}_scales"), scale)


@pytest.mark.parametrize("packed", [True, False])
def test_gate_and_up_of_gemma_4_are_one_again(tmp_path: Path, packed: bool) -> None:
    stem = "language_model.model.layers.0.experts"
    own: dict[str, Any] = {}
    values = {}
    for kind in ("gate", "up", "down"):
        tensors, values[kind] = affine(f"{stem}.switch_glu.{kind}_proj", 4, 3, 5, 64)
        own |= tensors if packed else {f"{stem}.switch_glu.{kind}_proj.weight": values[kind]}
    settings = {"group_size": 32, "bits": 4} if packed else None
    table = table_of(tmp_path / "m", own, settings, architectures=["Gemma4ForConditionalGeneration"])
    assert sorted(table.tensors) == [f"{stem}.down_proj", f"{stem}.gate_up_proj"]
    assert np.array_equal(whole(table, f"{stem}.gate_up_proj", 4), np.concatenate([values["gate"], values["up"]], 1))
    assert np.array_equal(whole(table, f"{stem}.down_proj"), values["down"])


def test_halves_of_kv_b_are_called_as_llama_cpp_does(tmp_path: Path) -> None:
    tensors, expected = affine("model.layers.0.self_attn.embed_q", 4, 2, 6, 64)
    table = table_of(tmp_path / "m", tensors, {"group_size": 32, "bits": 4}, architectures=["DeepseekV3ForCausalLM"])
    assert np.array_equal(whole(table, "model.layers.0.self_attn.k_b_proj.weight"), expected)


def test_first_layers_of_lfm2_without_experts(tmp_path: Path) -> None:
    tensors, expected = affine("model.layers.0.feed_forward.gate_proj", 4, 6, 64)
    table = table_of(tmp_path / "m", tensors, {"group_size": 32, "bits": 4}, architectures=["Lfm2MoeForCausalLM"])
    assert np.array_equal(whole(table, "model.layers.0.feed_forward.w1.weight"), expected)


@pytest.mark.parametrize("packed", [True, False])
def test_families_it_rearranges_are_refused(tmp_path: Path, packed: bool) -> None:
    tensors = affine(Q, 4, 6, 64)[0] if packed else {f"{Q}.weight": np.ones((2, 2), F32)}
    settings = {"group_size": 32, "bits": 4} if packed else None
    with pytest.raises(ModelyardError) as caught:
        table_of(tmp_path / "m", tensors, settings, architectures=["GraniteMoeForCausalLM"])
    assert caught.value.code is Code.PACKING_REARRANGED
    assert caught.value.fields["architecture"] == "GraniteMoeForCausalLM"


def test_a_family_nobody_knows_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(ModelyardError) as caught:
        table_of(tmp_path / "m", {"x.weight": np.ones((2, 2), F32)}, None, architectures=["StrangeForCausalLM"])
    assert caught.value.code is Code.FAMILY_UNKNOWN


def without(tensors: dict[str, NDArray[Any]], name: str) -> dict[str, NDArray[Any]]:
    return {key: value for key, value in tensors.items() if key != name}


@pytest.mark.parametrize(
    ("change", "settings"),
    [
        (lambda t: without(t, f"{Q}.biases"), {"group_size": 32, "bits": 4}),
        (lambda t: t | {f"{Q}.biases": np.ones((6, 1), np.float16)}, {"group_size": 32, "bits": 4}),
        (lambda t: t | {f"{Q}.scales": np.ones((6, 2), np.int32)}, {"group_size": 32, "bits": 4}),
        (dict, {"group_size": 32, "bits": 5}),
        (dict, {"group_size": 64, "bits": 4}),
        (dict, {"group_size": 32, "bits": 0}),
        (dict, {"group_size": 32, "bits": 4, Q: False}),
        (dict, {"group_size": 32, "bits": 4, "mode": "mxfp4"}),
    ],
)
def test_what_does_not_fit_together(tmp_path: Path, change: Any, settings: dict[str, Any]) -> None:
    with pytest.raises(ModelyardError) as caught:
        table_of(tmp_path / "m", change(affine(Q, 4, 6, 64)[0]), settings)
    assert caught.value.code is Code.PACKING_INVALID


@pytest.mark.parametrize("extra", [{"mode": "int9"}, {"global_scale": True}])
def test_other_modes_are_named(tmp_path: Path, extra: dict[str, Any]) -> None:
    tensors = affine(Q, 4, 6, 64)[0] | ({f"{Q}.global_scale": np.ones(1, F32)} if "global_scale" in extra else {})
    with pytest.raises(ModelyardError) as caught:
        table_of(tmp_path / "m", tensors, {"group_size": 32, "bits": 4, **extra})
    assert caught.value.code is Code.PACKING_UNKNOWN and str(caught.value.fields["method"]).startswith("MLX ")
