"""llama-quantize's choices, as its code has them; the goldens check whole models."""

from __future__ import annotations

from collections import Counter

import pytest

from modelyard.convert.content import MetadataEntry, ValueType
from modelyard.errors import Code, ModelyardError
from modelyard.formats.ggml_types import GgmlType as T
from modelyard.quantize.categories import Category, category_of, file_order, layer_of, may_quantize
from modelyard.quantize.mixtures import Mixture, fitting
from modelyard.quantize.model_facts import ModelFacts, TensorFacts, facts_of, trimmed
from modelyard.quantize.sizes import SIZES, find_size, offered

LAYERS = 16
PARTS = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")


def types(
    size: str,
    architecture: str = "llama",
    kv_heads: int = 32,
    experts: int = 0,
    layers: int = LAYERS,
    tied: bool = False,
    importance: bool = False,
    columns: int = 512,
) -> dict[str, T]:
    """The type of every matrix of a model with 32 heads."""
    names = ["token_embd.weight"] + ([] if tied else ["output.weight"])
    ending = "_exps.weight" if experts else ".weight"
    for layer in range(layers):
        names += [f"blk.{layer}.{part}{ending if 'ffn' in part else '.weight'}" for part in PARTS]
    names.sort(key=file_order)
    model = ModelFacts(architecture, layers, 32, kv_heads, experts)
    mixture = Mixture(SIZES[size], model, names, importance=importance)
    shape = (max(1, experts), 512, columns)
    return {name: mixture.type_of(TensorFacts(name, shape, T.BF16)) for name in names}


def of(found: dict[str, T], part: str) -> list[T]:
    return [kind for name, kind in sorted(found.items(), key=lambda item: layer_of(item[0])) if f".{part}" in name]


def test_more_bits_for_the_ends_and_every_third_between() -> None:
    found = types("Q4_K_M")
    better = [layer for layer, kind in enumerate(of(found, "ffn_down")) if kind is T.Q6_K]
    assert better == [0, 1, 4, 7, 10, 13, 14, 15]
    assert of(found, "attn_v") == of(found, "ffn_down")
    assert set(of(found, "attn_q") + of(found, "attn_k") + of(found, "ffn_up")) == {T.Q4_K}
    assert found["output.weight"] is T.Q6_K
    assert found["token_embd.weight"] is T.Q4_K


def test_tied_embedding_gets_the_output_type() -> None:
    assert types("Q4_K_M", tied=True)["token_embd.weight"] is T.Q6_K
    assert types("Q8_0", tied=True)["token_embd.weight"] is T.Q8_0
    assert types("IQ2_XS", tied=True, importance=True)["token_embd.weight"] is T.Q5_K


def test_grouped_queries() -> None:
    assert set(of(types("Q2_K", kv_heads=8), "attn_v")) == {T.Q4_K}
    assert set(of(types("Q2_K", kv_heads=16), "attn_v")) == {T.Q3_K}
    assert set(of(types("IQ4_XS", kv_heads=8), "attn_v")) == {T.Q5_K}


def test_eight_experts() -> None:
    found = types("Q4_K_M", kv_heads=8, experts=8)
    assert set(of(found, "attn_v") + of(found, "attn_k")) == {T.Q8_0}
    assert set(of(found, "attn_output")) == {T.Q5_K}
    assert Counter(of(types("Q3_K_M", experts=8), "ffn_down")) == {T.Q5_K: 1, T.Q4_K: 15}


def test_falcon() -> None:
    assert Counter(of(types("Q4_K_M", "falcon"), "ffn_down")) == {T.Q6_K: 1, T.Q5_K: 7, T.Q4_K: 8}
    assert types("Q3_K_S", "falcon")["output.weight"] is T.Q8_0
    assert set(of(types("Q3_K_L", "falcon"), "attn_output")) == {T.Q4_K}


def test_seventy_billion() -> None:
    found = types("Q4_K_S", kv_heads=8, layers=80)
    assert set(of(found, "attn_v")) == {T.Q5_K}
    assert set(of(types("Q4_K_S", kv_heads=8, layers=79), "attn_v")) == {T.Q5_K, T.Q4_K}
    assert ModelFacts("qwen2", 80, 32, 32, 0).is_70b
    assert not ModelFacts("llama", 80, 32, 32, 0).is_70b  # 65B: no grouped queries
    assert ModelFacts("jais2", 68, 32, 32, 0).is_70b


def test_first_layers_of_the_small_k_sizes() -> None:
    assert of(types("Q3_K_M"), "attn_v")[:3] == [T.Q5_K, T.Q5_K, T.Q4_K]
    assert of(types("Q3_K_M"), "ffn_down")[:2] == [T.Q5_K, T.Q4_K]
    assert of(types("Q4_K_S"), "ffn_down")[:3] == [T.Q5_K, T.Q5_K, T.Q4_K]


def test_importance_changes_the_choice() -> None:
    assert of(types("Q4_0", importance=True), "ffn_down")[:3] == [T.Q4_1, T.Q4_1, T.Q4_0]
    assert set(of(types("Q4_0"), "ffn_down")) == {T.Q4_0}
    assert of(types("IQ4_XS"), "ffn_down")[0] is T.Q5_K
    assert of(types("IQ4_XS", importance=True), "ffn_down")[0] is T.IQ4_XS
    assert set(of(types("IQ3_XXS", importance=True), "attn_q")) == {T.IQ2_S}


def test_mxfp4_for_experts_only() -> None:
    found = types("MXFP4_MOE", experts=32)
    assert set(of(found, "ffn_up")) == {T.MXFP4}
    assert set(of(types("MXFP4_MOE"), "ffn_up")) == {T.Q8_0}


@pytest.mark.parametrize(
    ("wanted", "columns", "expected"),
    [
        (T.Q4_K, 512, T.Q4_K),
        (T.Q4_K, 288, T.Q5_0),
        (T.Q5_K, 288, T.Q5_1),
        (T.Q6_K, 288, T.Q8_0),
        (T.Q3_K, 288, T.Q4_0),
        (T.IQ4_XS, 288, T.IQ4_NL),
        (T.Q4_K, 100, T.F16),
        (T.Q8_0, 100, T.F16),
        (T.F16, 7, T.F16),
    ],
)
def test_rows_that_are_no_whole_number_of_blocks(wanted: T, columns: int, expected: T) -> None:
    assert fitting(wanted, columns) is expected


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("blk.0.attn_q.weight", (64, 64), True),
        ("blk.0.attn_norm.weight", (64,), False),
        ("blk.0.attn_q.bias", (64, 64), False),
        ("blk.0.ffn_gate_inp.weight", (8, 64), False),
        ("blk.0.ffn_gate_inp_shexp.weight", (1, 64), False),  # one row: one-dimensional to ggml
        ("blk.0.ffn_gate_exps.weight", (8, 64, 64), True),
        ("position_embd.weight", (64, 64), False),
        ("blk.0.ssm_conv1d.weight", (64, 4), False),
        ("blk.0.time_mix_w1.weight", (64, 4), False),
    ],
)
def test_what_may_be_quantized(name: str, shape: tuple[int, ...], expected: bool) -> None:
    assert may_quantize("llama", TensorFacts(name, shape, T.F16)) is expected


def test_names() -> None:
    assert category_of("blk.3.attn_kv_b.weight") is Category.ATTENTION_KV_B
    assert category_of("blk.3.attn_q_a.weight") is Category.OTHER
    assert category_of("per_layer_token_embd.weight") is Category.TOKEN_EMBEDDING
    names = ["blk.10.a", "blk.2.b", "token_embd.weight", "blk.2.a", "output.weight"]
    assert sorted(names, key=file_order) == ["output.weight", "token_embd.weight", "blk.2.a", "blk.2.b", "blk.10.a"]
    assert trimmed((1, 1, 5, 1)) == (5, 1)
    assert trimmed((1, 1)) == (1,)


def test_facts_take_the_first_of_an_array_and_the_reference_default() -> None:
    from modelyard.convert.content import MetadataEntry, ValueType

    entries = [
        MetadataEntry("llama.block_count", ValueType.UINT32, 3),
        MetadataEntry("llama.attention.head_count", ValueType.ARRAY, [16, 8, 8], ValueType.UINT32),
    ]
    assert facts_of("llama", entries) == ModelFacts("llama", 3, 16, 16, 0)
    assert ModelFacts("lfm2", 3, 16, 0, 0).heads_a_kv_head == 0


def test_sizes_by_name() -> None:
    assert find_size("f16").converter
    assert not find_size("F16").converter
    assert find_size("q4_k_m") is SIZES["Q4_K_M"]
    assert find_size("Original", "bf16") is SIZES["bf16"]
    assert "IQ1_S" not in [size.name for size in offered()]
    assert "IQ1_S" in [size.name for size in offered(importance=True)]
    with pytest.raises(ModelyardError) as caught:
        find_size("Q4_K_XL")
    assert caught.value.code is Code.SIZE_UNKNOWN


def test_facts_of_odd_metadata() -> None:
    """A GGUF may say anything; what is no number counts as not said."""
    odd = [MetadataEntry("llama.attention.head_count", ValueType.ARRAY, ["many"], ValueType.STRING)]
    odd.append(MetadataEntry("llama.block_count", ValueType.FLOAT32, float("nan")))
    found = facts_of("llama", odd)
    assert (found.heads, found.layers) == (0, 0)
