"""Packed weights against the formulas of their makers, on small tensors packed number by number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from modelyard.convert.dequantize import unpacked
from modelyard.convert.unpack.blocks import mxfp4_blocks, nvfp4_blocks
from modelyard.convert.weights import to_bf16, to_float32
from modelyard.errors import Code, ModelyardError
from modelyard.formats.hf_folder import open_checkpoint
from tests.builders.checkpoint_folder import model_folder, weights
from tests.builders.packed_weights import as_bytes, pack_words, packed_model, whole
from tests.builders.safetensors_file import write_safetensors

RANDOM = np.random.default_rng(7)
F32 = np.float32


def integers(low: int, high: int, *shape: int) -> NDArray[Any]:
    return RANDOM.integers(low, high, shape)


def scales(*shape: int, dtype: Any = np.float16) -> NDArray[Any]:
    return (RANDOM.random(shape) + 0.1).astype(dtype)


def fp8(*shape: int) -> NDArray[np.uint8]:
    bits = integers(0, 256, *shape).astype(np.uint8)
    bits[(bits & 0x7F) == 0x7F] = 0
    return bits


def test_plain_weights_are_left_alone(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(model_folder(tmp_path / "m"))
    assert unpacked(checkpoint) is checkpoint


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
@pytest.mark.parametrize("version", ["gptq", "gptq_v2"])
@pytest.mark.parametrize("ordered", [True, False])
def test_gptq(tmp_path: Path, bits: int, version: str, ordered: bool) -> None:
    inputs, outputs, groups = 64, 32, 4
    weight, zero = integers(0, 1 << bits, inputs, outputs), integers(0, 1 << bits, groups, outputs)
    scale = scales(groups, outputs)
    group = np.arange(inputs) // 16 if ordered else integers(0, groups, inputs)
    tensors = {
        "l.qweight": pack_words(weight.T, bits).T,
        "l.qzeros": pack_words(zero, bits),
        "l.scales": scale,
        "l.bias": scales(outputs),
        "head.weight": scales(4, 8),
    }
    if not ordered:
        tensors["l.g_idx"] = group.astype(np.int32)
    packing = {"quant_method": "gptq", "bits": bits, "group_size": 16, "checkpoint_format": version}
    table = packed_model(tmp_path / "m", tensors, {}, packing)
    assert list(table.tensors) == ["head.weight", "l.bias", "l.weight"]  # unpacked ones come last
    offset = 1 if version == "gptq" else 0
    expected = (scale[group].astype(F32) * (weight - (zero[group] + offset)).astype(F32)).T
    assert np.array_equal(whole(table, "l.weight", 5), expected)


def test_awq(tmp_path: Path) -> None:
    inputs, outputs, group = 32, 24, 8
    weight, zero = integers(0, 16, inputs, outputs), integers(0, 16, inputs // group, outputs)
    scale = scales(inputs // group, outputs)
    order = [0, 2, 4, 6, 1, 3, 5, 7]

    def pack(values: NDArray[Any]) -> NDArray[Any]:
        return pack_words(values.reshape(len(values), -1, 8)[:, :, order].reshape(values.shape), 4)

    tensors = {"l.qweight": pack(weight), "l.qzeros": pack(zero), "l.scales": scale}
    table = packed_model(tmp_path / "m", tensors, {}, {"quant_method": "awq", "bits": 4, "version": "gemm"})
    expected = ((weight - np.repeat(zero, group, 0)).astype(np.float16) * np.repeat(scale, group, 0)).T
    assert table.tensors["l.weight"].dtype == "F16" and table.original == "f16"
    assert np.array_equal(whole(table, "l.weight", 5), expected.astype(F32))


@pytest.mark.parametrize(
    ("shape", "scale", "block"),
    [
        ((10, 12), (3, 2), [4, 8]),
        ((2, 10, 12), (2, 3, 2), [4, 8]),
        ((10, 12), (), None),
        ((10, 12), (1,), None),
        ((10, 12), (10,), None),
        ((10, 12), (10, 1), None),
        ((3, 4, 5), (3,), None),
    ],
    ids=str,
)
def test_fp8(tmp_path: Path, shape: tuple[int, ...], scale: tuple[int, ...], block: list[int] | None) -> None:
    weight, factors = fp8(*shape), scales(*scale, dtype=F32)
    tensors = {"l.weight": weight, "l.weight_scale_inv": factors, "l.activation_scale": scales(1)}
    packing = {"quant_method": "fp8", "weight_block_size": block}
    table = packed_model(tmp_path / "m", tensors, {"l.weight": "F8_E4M3"}, packing)
    assert list(table.tensors) == ["l.weight"]
    spread = factors
    for axis, length in enumerate(block or ()):
        spread = np.repeat(spread, length, axis + spread.ndim - 2)
    spread = (
        spread[tuple(slice(0, n) for n in shape)]
        if block
        else spread.reshape(*scale, *(1,) * (len(shape) - len(scale)))
    )
    assert np.array_equal(whole(table, "l.weight"), to_float32(weight, "F8_E4M3") * spread)


def test_eight_bit_floats() -> None:
    bits = np.array([0x00, 0x01, 0x08, 0x38, 0x7E, 0x80, 0xB8, 0xFE], dtype=np.uint8)
    assert to_float32(bits, "F8_E4M3").tolist() == [0, 2**-9, 2**-6, 1, 448, -0.0, -1, -448]
    assert np.isnan(to_float32(np.array([0x7F, 0xFF], np.uint8), "F8_E4M3")).all()
    bits = np.array([0x01, 0x3C, 0x7B, 0x7C, 0xBC], dtype=np.uint8)
    assert to_float32(bits, "F8_E5M2").tolist() == [2**-16, 1, 57344, np.inf, -1]
    assert to_float32(np.array([0, 127, 128, 254], np.uint8), "F8_E8M0").tolist() == [2**-127, 1, 2, 2**127]


def test_rounding_to_bf16_is_to_even() -> None:
    bits = np.array([0x3F800000, 0x3F808000, 0x3F818000, 0x3F808001, 0x7F800001, 0xFFC00000], np.uint32)
    assert to_bf16(bits.view(F32)).tolist() == [0x3F80, 0x3F80, 0x3F82, 0x3F81, 0x7FC0, 0x7FC0]


def test_mistrals_own_fp8(tmp_path: Path) -> None:
    weight = fp8(4, 6)
    tensors = {"l.weight": weight, "l.qscale_weight": scales(dtype=F32), "l.qscale_act": scales(1)}
    folder = model_folder(tmp_path / "m", {}, quantization={"qformat_weight": "fp8_e4m3"})
    write_safetensors(folder / "model.safetensors", tensors, {"l.weight": "F8_E4M3"})
    table = unpacked(open_checkpoint(folder))
    assert np.array_equal(whole(table, "l.weight"), to_float32(weight, "F8_E4M3") * tensors["l.qscale_weight"])


def ct(kind: str, **weights_: Any) -> dict[str, Any]:
    return {"quant_method": "compressed-tensors", "format": kind, "config_groups": {"group_0": {"weights": weights_}}}


@pytest.mark.parametrize("scale", [(6, 1), (6, 2), (1,)], ids=str)
def test_compressed_tensors_int8(tmp_path: Path, scale: tuple[int, ...]) -> None:
    weight, factors = integers(-128, 128, 6, 8).astype(np.int8), scales(*scale, dtype=F32)
    table = packed_model(tmp_path / "m", {"l.weight": weight, "l.weight_scale": factors}, {}, ct("int-quantized"))
    spread = np.repeat(factors, 4, 1) if scale == (6, 2) else factors
    assert np.array_equal(whole(table, "l.weight"), weight.astype(F32) * spread)


def test_compressed_tensors_float_in_blocks(tmp_path: Path) -> None:
    weight, factors = fp8(10, 12), scales(3, 2, dtype=F32)
    tensors = {"l.weight": weight, "l.weight_scale": factors, "l.input_scale": scales(1)}
    packing = ct("float-quantized", block_structure=[4, 8], strategy="block")
    table = packed_model(tmp_path / "m", tensors, {"l.weight": "F8_E4M3"}, packing)
    spread = np.repeat(np.repeat(factors, 4, 0)[:10], 8, 1)[:, :12]
    assert np.array_equal(whole(table, "l.weight"), to_float32(weight, "F8_E4M3") * spread)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("zero_point", [True, False])
@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("columns", [32, 36])
def test_compressed_tensors_packed(tmp_path: Path, bits: int, zero_point: bool, ordered: bool, columns: int) -> None:
    """36 columns leave part of the last word of a row unused."""
    rows, group = 16, columns // 4
    weight, scale = integers(0, 1 << bits, rows, columns), scales(rows, columns // group, dtype=F32)
    zero = integers(0, 1 << bits, rows, columns // group)
    index = np.arange(columns) // group if ordered else integers(0, columns // group, columns)
    tensors = {
        "l.weight_packed": pack_words(np.pad(weight, ((0, 0), (0, -columns % (32 // bits)))), bits),
        "l.weight_scale": scale,
        "l.weight_shape": np.array([rows, columns], np.int64),
        "a.weight": scales(2, 2),
    }
    if zero_point:
        tensors["l.weight_zero_point"] = pack_words(zero.T, bits).T
    if not ordered:
        tensors["l.weight_g_idx"] = index.astype(np.int32)
    table = packed_model(tmp_path / "m", tensors, {}, ct("pack-quantized", num_bits=bits, group_size=group))
    offset = zero[:, index] if zero_point else 1 << (bits - 1)
    assert list(table.tensors) == ["a.weight", "l.weight"]
    assert np.array_equal(whole(table, "l.weight", 5), (weight - offset).astype(F32) * scale[:, index])


E2M1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6]


def nibbles(codes: NDArray[Any]) -> NDArray[np.uint8]:
    """Two codes a byte, the first one low."""
    return (codes[..., ::2] | codes[..., 1::2] << 4).astype(np.uint8)


@pytest.mark.parametrize("maker", ["modelopt", "compressed-tensors"])
def test_nvfp4(tmp_path: Path, maker: str) -> None:
    codes, scale, factor = integers(0, 16, 4, 32), fp8(4, 2), np.array([0.25], F32)
    names = {"modelopt": ("weight", "weight_scale_2"), "compressed-tensors": ("weight_packed", "weight_global_scale")}
    packed, second = names[maker]
    tensors = {f"l.{packed}": nibbles(codes), "l.weight_scale": scale, f"l.{second}": factor, "l.input_scale": factor}
    packing = {"quant_method": maker, **ct("nvfp4-pack-quantized")} | {"quant_method": maker}
    table = packed_model(tmp_path / "m", tensors, {"l.weight_scale": "F8_E4M3"}, packing)
    spread = np.repeat(to_float32(scale, "F8_E4M3") * (F32(0.25) if maker == "modelopt" else F32(4)), 16, 1)
    assert list(table.tensors) == ["l.weight"]
    assert np.array_equal(whole(table, "l.weight"), np.array(E2M1, F32)[codes] * spread)


def test_mxfp4_of_compressed_tensors(tmp_path: Path) -> None:
    codes, scale = integers(0, 16, 3, 64), integers(100, 140, 3, 2).astype(np.uint8)
    tensors = {"l.weight_packed": nibbles(codes), "l.weight_scale": scale}
    table = packed_model(tmp_path / "m", tensors, {}, ct("mxfp4-pack-quantized"))
    expected = np.array(E2M1, F32)[codes] * np.repeat(2.0 ** (scale.astype(F32) - 127), 32, 1)
    assert np.array_equal(whole(table, "l.weight"), expected)


def test_fp4_moves_into_ggmls_blocks_without_loss() -> None:
    """The blocks read back by the gguf package give the same numbers."""
    from gguf import GGMLQuantizationType, quants

    codes, powers = integers(0, 16, 3, 128), integers(100, 140, 3, 4).astype(np.uint8)
    rows = mxfp4_blocks(nibbles(codes), powers)
    expected = np.array(E2M1, F32)[codes] * np.repeat(2.0 ** (powers.astype(F32) - 127), 32, 1)
    assert rows.shape == (3, 4 * 17)
    assert np.array_equal(quants.dequantize(rows, GGMLQuantizationType.MXFP4), expected)
    small = fp8(3, 8) & 0x7F
    rows = nvfp4_blocks(nibbles(codes), small)
    assert rows.shape == (3, 2 * 36)
    # block_nvfp4: four scales, then for each of them 8 bytes: element j low, j + 8 high (ggml-common.h).
    blocks = rows.reshape(3, 2, 36)
    assert np.array_equal(blocks[:, :, :4].reshape(3, 8), small)
    packed = blocks[:, :, 4:].reshape(3, 8, 8)
    unpacked_codes = np.concatenate([packed & 15, packed >> 4], axis=2).reshape(3, 128)
    assert np.array_equal(unpacked_codes, codes)


def test_modelopt_fp8(tmp_path: Path) -> None:
    weight = fp8(4, 6)
    tensors = {
        "l.weight": weight,
        "l.weight_scale": np.array(0.5, F32),
        "l.k_scale": scales(1),
        "l.input_scale": scales(1),
    }
    table = packed_model(tmp_path / "m", tensors, {"l.weight": "F8_E4M3"}, {"quant_method": "modelopt"})
    assert list(table.tensors) == ["l.weight"]
    assert np.array_equal(whole(table, "l.weight"), to_float32(weight, "F8_E4M3") * F32(0.5))


def test_bitnet(tmp_path: Path) -> None:
    codes = integers(0, 3, 4, 5, 6)  # the four quarters of the rows
    packed = sum(codes[n] << 2 * n for n in range(4)).astype(np.uint8)
    tensors = {"l.weight": packed, "l.weight_scale": np.array([3.0], F32)}
    table = packed_model(tmp_path / "m", tensors, {}, {"quant_method": "bitnet"})
    assert table.tensors["l.weight"].shape == (20, 6)
    assert np.array_equal(whole(table, "l.weight", 7), (codes.reshape(20, 6) - 1).astype(F32) / F32(3))


def bnb(shape: tuple[int, int], block: int, dtype: str, nested: bool) -> tuple[dict[str, NDArray[Any]], NDArray[Any]]:
    """Tensors of one NF4 weight, and its value in float32 before rounding."""
    elements = shape[0] * shape[1]
    codes, code = integers(0, 16, elements + elements % 2), np.linspace(-1, 1, 16).astype(F32)
    blocks = -(-elements // block)
    state: dict[str, Any] = {"quant_type": "nf4", "blocksize": block, "dtype": dtype, "shape": list(shape)}
    tensors = {"l.weight": (codes[::2] << 4 | codes[1::2]).astype(np.uint8)[:, None], "l.weight.quant_map": code}
    if nested:
        outer, small = scales(-(-blocks // 4), dtype=F32), integers(0, 256, blocks).astype(np.uint8)
        table = np.linspace(-1, 1, 256).astype(F32)
        absmax = table[small] * outer[np.arange(blocks) // 4] + F32(0.375)
        tensors |= {"l.weight.absmax": small, "l.weight.nested_absmax": outer, "l.weight.nested_quant_map": table}
        state |= {"nested_blocksize": 4, "nested_dtype": "float32", "nested_offset": 0.375}
    else:
        absmax = tensors["l.weight.absmax"] = scales(blocks, dtype=F32)
    tensors["l.weight.quant_state.bitsandbytes__nf4"] = as_bytes(state)
    value = code[codes[:elements]] * np.repeat(absmax, block)[:elements]
    return tensors, value.reshape(shape)


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("shape", [(6, 64), (7, 12), (5, 13)], ids=str)
@pytest.mark.parametrize(("dtype", "stored"), [("float16", "F16"), ("bfloat16", "BF16"), ("float32", "F32")])
def test_bitsandbytes_four_bit(tmp_path: Path, dtype: str, stored: str, shape: tuple[int, int], nested: bool) -> None:
    tensors, value = bnb(shape, 16, dtype, nested)
    table = packed_model(tmp_path / "m", tensors, {}, {"quant_method": "bitsandbytes", "load_in_4bit": True})
    rounded = {"F16": value.astype(np.float16).astype(F32), "BF16": to_float32(to_bf16(value), "BF16"), "F32": value}
    assert list(table.tensors) == ["l.weight"] and table.tensors["l.weight"].dtype == stored
    assert np.array_equal(whole(table, "l.weight", 2), rounded[stored])


def test_bitsandbytes_int8(tmp_path: Path) -> None:
    weight, scale = integers(-127, 128, 6, 8).astype(np.int8), scales(6, dtype=F32)
    tensors = {"l.weight": weight, "l.SCB": scale, "l.weight_format": np.array(0, np.uint8)}
    table = packed_model(tmp_path / "m", tensors, {}, {"quant_method": "bitsandbytes", "load_in_8bit": True})
    assert list(table.tensors) == ["l.weight"]
    expected = (weight.astype(F32) * scale[:, None] * F32(1 / 127)).astype(np.float16)
    assert np.array_equal(whole(table, "l.weight"), expected.astype(F32))


def test_eight_bit_floats_without_scale(tmp_path: Path) -> None:
    weight = fp8(4, 6)
    folder = model_folder(tmp_path / "m", {})
    write_safetensors(folder / "model.safetensors", {"l.weight": weight}, {"l.weight": "F8_E5M2"})
    table = unpacked(open_checkpoint(folder))
    assert table.tensors["l.weight"].dtype == "F32"
    assert np.array_equal(whole(table, "l.weight"), to_float32(weight, "F8_E5M2"), equal_nan=True)


def test_an_unknown_packing_names_the_original(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m", quantization_config={"quant_method": "aqlm"})
    (folder / "README.md").write_text("---\nbase_model: meta-llama/Llama-2-7b-hf\n---\n", encoding="utf-8")
    with pytest.raises(ModelyardError) as caught:
        unpacked(open_checkpoint(folder))
    assert caught.value.code is Code.PACKING_UNKNOWN
    assert caught.value.fields == {"name": "m", "method": "AQLM", "base_model": "meta-llama/Llama-2-7b-hf"}


@pytest.mark.parametrize(
    ("packing", "method"),
    [
        ({"quant_method": "gptq", "bits": 5}, "GPTQ 5 bit"),
        ({"quant_method": "gptq", "checkpoint_format": "marlin"}, "GPTQ marlin"),
        ({"quant_method": "awq", "version": "gemv"}, "AWQ gemv 4 bit"),
        ({"quant_method": "auto-round", "packing_format": "auto_round:triton"}, "AutoRound triton"),
    ],
    ids=str,
)
def test_unknown_forms_of_known_packings(tmp_path: Path, packing: dict[str, Any], method: str) -> None:
    with pytest.raises(ModelyardError) as caught:
        packed_model(tmp_path / "m", {"l.weight": np.zeros((2, 2), F32)}, {}, packing)
    assert caught.value.code is Code.PACKING_UNKNOWN and caught.value.fields["method"] == method


def test_mxfp4_of_gpt_oss_is_left_to_its_family(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(model_folder(tmp_path / "m", weights(), quantization_config={"quant_method": "mxfp4"}))
    assert unpacked(checkpoint) is checkpoint


GPTQ = {"quant_method": "gptq", "bits": 4}
BROKEN: dict[str, tuple[dict[str, NDArray[Any]], dict[str, Any]]] = {
    "half a gptq": ({"l.qweight": np.zeros((4, 8), np.int32)}, GPTQ),
    "gptq shapes": (
        {
            "l.qweight": np.zeros((4, 8), np.int32),
            "l.qzeros": np.zeros((2, 1), np.int32),
            "l.scales": np.zeros((2, 9), np.float16),
        },
        GPTQ,
    ),
    "scale without weight": ({"l.weight_scale_inv": np.zeros(1, F32)}, {"quant_method": "fp8"}),
    "scale of another shape": (
        {"l.weight": np.zeros((4, 4), np.uint8), "l.weight_scale_inv": np.zeros((3, 1), F32)},
        {"quant_method": "fp8"},
    ),
    "state without scales": (
        {"l.weight": np.zeros((8, 1), np.uint8), "l.weight.quant_state.bitsandbytes__nf4": as_bytes({"shape": [4, 4]})},
        {"quant_method": "bitsandbytes"},
    ),
    "a shape beyond the bytes": (
        {
            "l.weight": np.zeros((8, 1), np.uint8),
            "l.weight.absmax": np.zeros(1, F32),
            "l.weight.quant_map": np.zeros(16, F32),
            "l.weight.quant_state.bitsandbytes__nf4": as_bytes(
                {"shape": [1 << 30, 1 << 30], "blocksize": 64, "dtype": "float16"}
            ),
        },
        {"quant_method": "bitsandbytes"},
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_packed_tensors_that_contradict_themselves(tmp_path: Path, case: str) -> None:
    tensors, packing = BROKEN[case]
    with pytest.raises(ModelyardError) as caught:
        packed_model(tmp_path / "m", tensors, {}, packing)
    assert caught.value.code is Code.PACKING_INVALID
