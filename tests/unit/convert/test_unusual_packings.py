"""Forms of known packings that look alike and mean something else; all others are refused by name, never guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from modelyard.convert.dequantize import unpacked
from modelyard.convert.weights import to_float32
from modelyard.errors import Code, ModelyardError
from modelyard.formats.hf_folder import open_checkpoint
from tests.builders.checkpoint_folder import model_folder
from tests.builders.packed_weights import pack_words, packed_model, whole
from tests.builders.safetensors_file import write_safetensors
from tests.builders.torch_file import name_of, write_pickle

RANDOM = np.random.default_rng(3)
F32 = np.float32
WORDS, BYTES, FLOATS = np.zeros((8, 32), np.int32), np.zeros((32, 8), np.uint8), np.ones((32, 1), F32)


def gptq(
    inputs: int, outputs: int, group: int, bits: int, stored_zero: int
) -> tuple[dict[str, NDArray[Any]], NDArray[F32]]:
    """Tensors whose zero points are written `stored_zero` smaller than they are, and the numbers meant."""
    groups = -(-inputs // group)
    weight, zero = RANDOM.integers(0, 1 << bits, (inputs, outputs)), RANDOM.integers(1, 1 << bits, (groups, outputs))
    scale = (RANDOM.random((groups, outputs)) + 0.1).astype(np.float16)
    tensors = {
        "l.qweight": np.ascontiguousarray(pack_words(np.ascontiguousarray(weight.T), bits).T),
        "l.qzeros": pack_words(zero - stored_zero, bits),
        "l.scales": scale,
    }
    of = np.arange(inputs) // group
    return tensors, (scale.astype(F32)[of] * (weight - zero[of]).astype(F32)).T


def auto_round(form: str, **more: Any) -> dict[str, Any]:
    told = {"packing_format": form} if form else {}
    return (
        {"quant_method": "auto-round", "bits": 4, "group_size": 32, "autoround_version": "0.9", "format": "x"}
        | told
        | more
    )


@pytest.mark.parametrize(
    ("form", "stored_zero"),
    [("auto_round:auto_gptq", 1), ("auto_round:gptq", 1), ("", 1), ("auto_round", 0), ("auto_round:gptqmodel", 0)],
)
def test_zero_points_of_autoround(tmp_path: Path, form: str, stored_zero: int) -> None:
    tensors, expected = gptq(64, 32, 32, 4, stored_zero)
    table = packed_model(tmp_path / "m", tensors, {}, auto_round(form))
    assert np.array_equal(whole(table, "l.weight", 5), expected)


@pytest.mark.parametrize("bits", [5, 6, 7])
def test_bits_only_autoround_has(tmp_path: Path, bits: int) -> None:
    tensors, expected = gptq(64, 32, 32, bits, 0)
    table = packed_model(tmp_path / "m", tensors, {}, auto_round("auto_round", bits=bits))
    assert np.array_equal(whole(table, "l.weight", 5), expected)


def test_a_tensor_of_other_bits_than_the_rest(tmp_path: Path) -> None:
    tensors, expected = gptq(64, 32, 32, 8, 1)
    packing = {"quant_method": "gptq", "bits": 4, "group_size": 32, "dynamic": {"+:l": {"bits": 8}}}
    assert np.array_equal(whole(packed_model(tmp_path / "m", tensors, {}, packing), "l.weight", 5), expected)


@pytest.mark.parametrize("inputs", [96, 160])
def test_a_last_group_that_is_not_full(tmp_path: Path, inputs: int) -> None:
    tensors, expected = gptq(inputs, 32, 64, 4, 1)
    packing = {"quant_method": "gptq", "bits": 4, "group_size": 64}
    assert np.array_equal(whole(packed_model(tmp_path / "m", tensors, {}, packing), "l.weight", 5), expected)


@pytest.mark.parametrize("number", [2, 99, -3])
def test_a_group_there_is_none_of(tmp_path: Path, number: int) -> None:
    tensors, _ = gptq(64, 32, 32, 4, 1)
    order = np.zeros(64, np.int32)
    order[7] = number
    table = packed_model(tmp_path / "m", tensors | {"l.g_idx": order}, {}, {"quant_method": "gptq", "bits": 4})
    with pytest.raises(ModelyardError) as caught:
        whole(table, "l.weight")
    assert caught.value.code is Code.PACKING_INVALID


@pytest.mark.parametrize("shape", [(6, 0), (0,)])
def test_scales_without_a_number(tmp_path: Path, shape: tuple[int, ...]) -> None:
    tensors = {"l.weight": BYTES, "l.weight_scale": np.zeros(shape, F32)}
    with pytest.raises(ModelyardError) as caught:
        packed_model(tmp_path / "m", tensors, {"l.weight": "F8_E4M3"}, {"quant_method": "fp8"})
    assert caught.value.code is Code.PACKING_INVALID


def ints(bits: int, **more: Any) -> dict[str, Any]:
    return {
        "quant_method": "compressed-tensors",
        "config_groups": {"group_0": {"weights": {"num_bits": bits, "group_size": 64}}},
        **more,
    }


@pytest.mark.parametrize("bits", [1, 3, 5, 6, 7])
@pytest.mark.parametrize("with_zeros", [True, False])
def test_compressed_tensors_whose_fields_run_on_across_words(tmp_path: Path, bits: int, with_zeros: bool) -> None:
    rows, columns = 50, 128
    weight, zero = RANDOM.integers(0, 1 << bits, (rows, columns)), RANDOM.integers(0, 1 << bits, (rows, 2))
    scale = (RANDOM.random((rows, 2)) + 0.1).astype(F32)
    filled = np.concatenate([zero, np.zeros((14, 2), np.int64)])  # to whole words
    packed_zero = pack_words(np.ascontiguousarray(filled.T), bits).T[: -(-rows * bits // 32)]
    tensors = {
        "l.weight_packed": pack_words(weight, bits),
        "l.weight_scale": scale,
        "l.weight_shape": np.array([rows, columns]),
        **({"l.weight_zero_point": np.ascontiguousarray(packed_zero)} if with_zeros else {}),
    }
    table = packed_model(tmp_path / "m", tensors, {}, ints(bits))
    offset = np.repeat(zero, 64, 1) if with_zeros else 1 << (bits - 1)
    assert np.array_equal(whole(table, "l.weight", 7), (weight - offset).astype(F32) * np.repeat(scale, 64, 1))


def test_packed_integers_with_one_scale_for_all(tmp_path: Path) -> None:
    weight = RANDOM.integers(0, 256, (50, 64))
    tensors = {
        "l.weight_packed": pack_words(weight, 8),
        "l.weight_scale": np.float32([0.25]),
        "l.weight_shape": np.array([50, 64]),
    }
    found = whole(packed_model(tmp_path / "m", tensors, {}, ints(8)), "l.weight", 7)
    assert np.array_equal(found, (weight - 128).astype(F32) * F32(0.25))


def test_blocks_of_autoround(tmp_path: Path) -> None:
    packing = auto_round("auto_round:fp8", bits=8, act_bits=8, weight_block_size=[16, 16])
    tensors = {"l.weight": np.full((40, 24), 0x38, np.uint8), "l.weight_scale_inv": RANDOM.random((3, 2)).astype(F32)}
    found = whole(packed_model(tmp_path / "m", tensors, {"l.weight": "F8_E4M3"}, packing), "l.weight", 7)
    spread = np.repeat(np.repeat(tensors["l.weight_scale_inv"], 16, 0), 16, 1)
    assert np.array_equal(found, spread[:40, :24])


def test_powers_of_two_of_modelopt(tmp_path: Path) -> None:
    """MXFP4 under the names of NVFP4; the low half of a byte comes first: 0x72 is 1 and 6."""
    scale = RANDOM.integers(120, 134, (8, 2)).astype(np.uint8)
    tensors = {"l.weight": np.full((8, 32), 0x72, np.uint8), "l.weight_scale": scale}
    table = packed_model(tmp_path / "m", tensors, {}, {"quant_method": "modelopt", "quant_algo": "mxfp4"})
    expected = np.tile(F32([1, 6]), (8, 32)) * np.repeat(np.exp2(scale.astype(F32) - 127), 32, 1)
    assert np.array_equal(whole(table, "l.weight", 3), expected)


@pytest.mark.parametrize(
    ("packing", "name"),
    [
        (ints(8, format="mxfp8-quantized"), "weight_scale"),
        ({"quant_method": "mxfp8"}, "weight_scale_inv"),
        ({"quant_method": "mxfp8", "weight_block_size": [1, 32]}, "weight_scale_inv"),
    ],
    ids=["compressed-tensors", "mxfp8", "mxfp8 blocks"],
)
def test_scales_that_are_powers_of_two(tmp_path: Path, packing: dict[str, Any], name: str) -> None:
    """MXFP8 stores E8M0 as U8."""
    weight = RANDOM.integers(0, 120, (6, 64)).astype(np.uint8)
    scale = RANDOM.integers(120, 134, (6, 2)).astype(np.uint8)
    tensors = {"l.weight": weight, f"l.{name}": scale}
    table = packed_model(tmp_path / "m", tensors, {"l.weight": "F8_E4M3"}, packing)
    expected = to_float32(weight, "F8_E4M3") * np.repeat(2.0 ** (scale.astype(F32) - 127), 32, 1)
    assert np.array_equal(whole(table, "l.weight"), expected)


FP8 = {"l.weight": (BYTES, "F8_E4M3")}


@pytest.mark.parametrize(
    ("packing", "tensors", "method"),
    [
        ({"quant_method": "gptq", "format": "gptq_p"}, {}, "GPTQ gptq_p"),
        ({"quant_method": "gptq", "is_marlin_format": True}, {}, "GPTQ marlin"),
        ({"quant_method": "gptq"}, {"l.qweight": WORDS.astype(np.int16), "l.qzeros": WORDS, "l.scales": FLOATS}, "I16"),
        ({"quant_method": "awq", "checkpoint_format": "gemv_fast"}, {}, "AWQ gemv_fast"),
        ({"quant_method": "awq", "backend": "llm-awq"}, {}, "AWQ llm-awq"),
        ({"quant_method": "awq"}, {"l.qweight": WORDS.astype(np.int16)}, "AWQ llm-awq"),
        (auto_round("auto_round:auto_gptq", act_bits=8), {}, "AutoRound auto_gptq"),
        (auto_round("auto_round:auto_gptq", rotation_config={"x": 1}), {}, "AutoRound auto_gptq"),
        (auto_round("auto_round:exllamav2"), {}, "AutoRound exllamav2"),
        (
            auto_round("auto_round:llm_compressor"),  # E5M3
            {"l.weight_packed": BYTES, "l.weight_scale": BYTES[:, :1], "l.weight_global_scale": FLOATS[0]},
            "FP4, scales U8",
        ),
        (ints(4, format="marlin-24"), {"l.weight_packed": WORDS}, "compressed-tensors marlin-24"),
        (ints(4), {"l.weight_packed": WORDS, "l.scale_packed": FLOATS}, "compressed-tensors marlin-24"),
        (ints(8, sparsity_config={"format": "sparse-24-bitmask"}), {"l.bitmask": BYTES}, "sparse-24-bitmask"),
        (ints(4, transform_config={"config_groups": {}}), {}, "compressed-tensors transform_config"),
        (ints(6, format="mxfp6-pack-quantized"), {}, "mxfp6-pack-quantized"),
        (ints(4), {"l.weight_packed": WORDS[None]}, "compressed-tensors, 3 dimensions"),
        ({"quant_method": "fp8", "weight_scale_method": "row"}, FP8, "GPTQModel FP8"),
        ({"quant_method": "fp8"}, {**FP8, "l.weight_scale": (BYTES[:, :1], "I8")}, "F8_E4M3, scales I8"),
        ({"quant_method": "fbgemm_fp8"}, {"l.gate_up_proj_scale": FLOATS}, "FBGEMM FP8, experts"),
        ({"quant_method": "modelopt", "quant_algo": "W4A16_AWQ"}, {}, "ModelOpt W4A16_AWQ"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, {"l.pre_quant_scale": FLOATS}, "ModelOpt NVFP4"),
        ({"quant_method": "vptq"}, {}, "VPTQ"),
        ({"quant_method": "spqr"}, {}, "SpQR"),
        ({"quant_method": "hqq"}, {}, "HQQ"),
        ({"quant_method": "quark"}, {}, "AMD Quark"),
        ({"quant_method": "torchao"}, {}, "torchao"),
        ({"method": "exl3"}, {}, "EXL3"),
    ],
    ids=str,
)
def test_refused_by_name(tmp_path: Path, packing: dict[str, Any], tensors: dict[str, Any], method: str) -> None:
    plain = {name: given[0] if isinstance(given, tuple) else given for name, given in tensors.items()}
    dtypes = {name: given[1] for name, given in tensors.items() if isinstance(given, tuple)}
    with pytest.raises(ModelyardError) as caught:
        packed_model(tmp_path / "m", plain, dtypes, packing)
    assert caught.value.code is Code.PACKING_UNKNOWN
    assert method in str(caught.value.fields["method"])


def test_what_only_files_beside_the_weights_tell(tmp_path: Path) -> None:
    quanto = model_folder(tmp_path / "quanto")
    (quanto / "quanto_qmap.json").write_text("{}", encoding="utf-8")
    quip = model_folder(tmp_path / "quip", quip_params={"codebook": "E8P12"})
    for folder, method in ((quanto, "Quanto"), (quip, "QuIP#")):
        with pytest.raises(ModelyardError) as caught:
            unpacked(open_checkpoint(folder))
        assert (caught.value.code, caught.value.fields["method"]) == (Code.PACKING_UNKNOWN, method)
    hqq = model_folder(tmp_path / "hqq")
    (hqq / "model.safetensors").rename(hqq / "qmodel.pt")
    with pytest.raises(ModelyardError) as caught:
        open_checkpoint(hqq)
    assert (caught.value.code, caught.value.fields["method"]) == (Code.PACKING_UNKNOWN, "HQQ")


@pytest.mark.parametrize("told", [True, False])
def test_objects_of_torchao_in_a_pickle(tmp_path: Path, told: bool) -> None:
    config = {"quantization_config": {"quant_method": "torchao"}} if told else {}
    folder = model_folder(tmp_path / "m", **config)
    (folder / "model.safetensors").unlink()
    write_pickle(folder / "pytorch_model.bin", b"\x80\x02" + name_of("torchao.dtypes", "AffineQuantizedTensor") + b".")
    with pytest.raises(ModelyardError) as caught:
        open_checkpoint(folder)
    assert caught.value.code is (Code.PACKING_UNKNOWN if told else Code.TORCH_UNSAFE)


@pytest.mark.parametrize(
    ("config", "method"),
    [
        ({"desc_act": False, "bits": 5}, "GPTQ 5 bit"),
        ({"w_bit": 8, "zero_point": True}, "AWQ gemm 8 bit"),
    ],
    ids=str,
)
def test_early_files_that_do_not_say_the_method(tmp_path: Path, config: dict[str, Any], method: str) -> None:
    folder = model_folder(tmp_path / "m", {}, quantization_config=config)
    write_safetensors(folder / "model.safetensors", {"l.weight": FLOATS})
    with pytest.raises(ModelyardError) as caught:
        unpacked(open_checkpoint(folder))
    assert caught.value.fields["method"] == method
