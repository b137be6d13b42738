"""Merging add-ons: every form PEFT saves, against the sum computed in float64."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from modelyard.convert.lora import MergedTable, merged
from modelyard.errors import Code, ModelyardError
from modelyard.formats.adapter import open_adapter
from modelyard.formats.hf_folder import open_checkpoint
from tests.builders.checkpoint_folder import model_folder, write_json
from tests.builders.lora_folder import DOWN, Q, base_weights, lora_folder, pair, product
from tests.builders.packed_weights import whole
from tests.builders.safetensors_file import write_safetensors

BASE = base_weights()


def merge(
    tmp_path: Path, tensors: dict[str, NDArray[Any]], base: dict[str, NDArray[Any]] | None = None, **config: Any
) -> MergedTable:
    folder = model_folder(tmp_path / "base", BASE if base is None else base, vocab_size=10, tie_word_embeddings=False)
    return merged(open_checkpoint(folder), open_adapter(lora_folder(tmp_path / "lora", tensors, **config)))


def assert_sum(table: MergedTable, name: str, expected: NDArray[Any]) -> None:
    assert table.tensors[name].dtype == "F32" and table.tensors[name].shape == expected.shape
    np.testing.assert_allclose(whole(table, name), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("torch", [False, True])
def test_plain(tmp_path: Path, torch: bool) -> None:
    tensors = pair(Q, 8, 8, 4) | pair(DOWN, 8, 12, 4)
    table = merge(tmp_path, tensors, torch=torch)
    assert list(table.tensors) == list(BASE) and table.name == "lora" and table.base_model == "example/base"
    assert_sum(table, f"{Q}.weight", BASE[f"{Q}.weight"] + 2 * product(tensors, Q))
    assert_sum(table, f"{DOWN}.weight", BASE[f"{DOWN}.weight"] + 2 * product(tensors, DOWN))
    assert np.array_equal(whole(table, "lm_head.weight"), BASE["lm_head.weight"])
    assert table.shards_of(f"{Q}.weight") == ("model.safetensors",)


def test_rank_stabilised(tmp_path: Path) -> None:
    tensors = pair(Q, 8, 8, 4)
    table = merge(tmp_path, tensors, use_rslora=True, lora_alpha=6)
    assert_sum(table, f"{Q}.weight", BASE[f"{Q}.weight"] + 3 * product(tensors, Q))


@pytest.mark.parametrize("pattern", ["q_proj", r"layers\.\d+\.self_attn\.q_proj", r"model\..*\.q_proj", "(q|k)_proj"])
def test_ranks_and_alphas_of_single_modules(tmp_path: Path, pattern: str) -> None:
    tensors = pair(Q, 8, 8, 2) | pair(DOWN, 8, 12, 4)
    table = merge(tmp_path, tensors, rank_pattern={pattern: 2}, alpha_pattern={pattern: 5, "proj": 100})
    assert_sum(table, f"{Q}.weight", BASE[f"{Q}.weight"] + 2.5 * product(tensors, Q))
    assert_sum(table, f"{DOWN}.weight", BASE[f"{DOWN}.weight"] + 2 * product(tensors, DOWN))


@pytest.mark.parametrize("pattern", ["(a+)+$", "(.*)*", ".*.*.*.*x", "(" * 50, "x" * 500, r"(a)\1"])
def test_patterns_that_could_run_away_are_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(ModelyardError) as caught:
        merge(tmp_path, pair(Q, 8, 8, 4), alpha_pattern={pattern: 5})
    assert caught.value.code is Code.ADAPTER_INVALID


@pytest.mark.parametrize("alpha", ["8", None, float("inf"), True, [8]])
def test_an_alpha_that_is_no_number(tmp_path: Path, alpha: Any) -> None:
    with pytest.raises(ModelyardError) as caught:
        merge(tmp_path, pair(Q, 8, 8, 4), lora_alpha=alpha)
    assert caught.value.code is Code.ADAPTER_INVALID


def test_weights_stored_inputs_first(tmp_path: Path) -> None:
    """GPT-2's Conv1D: known by the shape, in a square one by fan_in_fan_out."""
    base = {"h.0.mlp.c_fc.weight": BASE[f"{DOWN}.weight"].T.copy(), "h.0.attn.c_proj.weight": BASE[f"{Q}.weight"]}
    tensors = pair("transformer.h.0.mlp.c_fc", 8, 12, 4) | pair("transformer.h.0.attn.c_proj", 8, 8, 4)
    table = merge(tmp_path, tensors, base, fan_in_fan_out=True)
    for name in base:
        delta = product(tensors, "transformer." + name.removesuffix(".weight"))
        assert_sum(table, name, base[name] + 2 * delta.T)


def test_embeddings(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    down, up = random.standard_normal((4, 10)).astype(np.float32), random.standard_normal((8, 4)).astype(np.float32)
    prefix = "base_model.model.model.embed_tokens.lora_embedding_"
    table = merge(tmp_path, {f"{prefix}A": down, f"{prefix}B": up})
    expected = BASE["model.embed_tokens.weight"] + 2 * (up.astype(np.float64) @ down).T
    assert_sum(table, "model.embed_tokens.weight", expected)


def test_saved_modules_take_the_bases_place(tmp_path: Path) -> None:
    norm, bias = np.arange(8, dtype=np.float32), np.arange(8, 16, dtype=np.float32)
    prefix = "base_model.model."
    tensors = {f"{prefix}model.norm.modules_to_save.default.weight": norm, f"{prefix}{Q}.base_layer.bias": bias}
    tensors[f"{prefix}score.weight"] = norm  # a classifier's head: nothing for a text model
    table = merge(tmp_path, pair(Q, 8, 8, 4) | tensors)
    assert np.array_equal(whole(table, "model.norm.weight"), norm)
    assert np.array_equal(whole(table, f"{Q}.bias"), bias)
    assert list(table.tensors) == list(BASE) and table.shards_of("model.norm.weight") == ()


def test_resized_embeddings_bring_their_vocabulary(tmp_path: Path) -> None:
    embedding, head = np.ones((12, 8), np.float32), np.full((12, 8), 2, np.float32)
    prefix = "base_model.model."
    tensors = {f"{prefix}model.embed_tokens.weight": embedding, f"{prefix}lm_head.weight": head}
    lora_folder(tmp_path / "lora", {})
    write_json(tmp_path / "lora" / "tokenizer.json", {"added": 12})
    write_json(tmp_path / "lora" / "added_tokens.json", {"<new>": 11})
    table = merge(tmp_path, pair(Q, 8, 8, 4) | tensors)
    assert table.config["vocab_size"] == 12
    assert np.array_equal(whole(table, "lm_head.weight"), head)
    assert table.files.json("tokenizer.json") == {"added": 12}


def test_a_tokenizer_with_more_tokens_than_embeddings_is_left_out(tmp_path: Path) -> None:
    lora_folder(tmp_path / "lora", {})
    write_json(tmp_path / "lora" / "tokenizer.json", {"added": 12})
    write_json(tmp_path / "lora" / "tokenizer_config.json", {"added_tokens_decoder": {"10": {"content": "<pad>"}}})
    (tmp_path / "lora" / "chat_template.jinja").write_text("{{ x }}", encoding="utf-8")
    table = merge(tmp_path, pair(Q, 8, 8, 4))
    assert table.files.json("tokenizer.json") == {"model": {"type": "BPE"}}
    assert table.files.text("chat_template.jinja") == "{{ x }}"


@pytest.mark.parametrize(
    "written",
    [
        "base_model.model.model.norm.modules_to_save.weight",
        "base_model.model._orig_mod.model.norm.weight",
        "base_model.model.base_model.model.model.norm.weight",
        "module.base_model.model.model.norm.weight",
    ],
)
def test_names_that_tools_wrap(tmp_path: Path, written: str) -> None:
    """Newer PEFT beside the original of it; torch.compile; an add-on trained over another; several graphics cards."""
    new = np.arange(8, dtype=np.float32)
    tensors = {written: new, "base_model.model.model.norm.original_module.weight": np.zeros(8, np.float32)}
    assert np.array_equal(whole(merge(tmp_path, pair(Q, 8, 8, 4) | tensors), "model.norm.weight"), new)


def test_biases_trained_along(tmp_path: Path) -> None:
    """lora_bias: B has a bias too, scaled as the product is."""
    bias = np.arange(8, dtype=np.float32)
    tensors = pair(Q, 8, 8, 4) | {f"base_model.model.{Q}.lora_B.bias": bias}
    table = merge(tmp_path, tensors, lora_bias=True)
    assert_sum(table, f"{Q}.bias", BASE[f"{Q}.bias"] + 2 * bias)
    assert_sum(table, f"{Q}.weight", BASE[f"{Q}.weight"] + 2 * product(tensors, Q))


def test_an_output_that_shared_the_embedding_becomes_its_own(tmp_path: Path) -> None:
    base = {name: array for name, array in BASE.items() if name != "lm_head.weight"}
    tensors = pair("lm_head", 10, 8, 4)
    table = merge(tmp_path, tensors, base)
    assert_sum(table, "lm_head.weight", base["model.embed_tokens.weight"] + 2 * product(tensors, "lm_head"))
    assert np.array_equal(whole(table, "model.embed_tokens.weight"), base["model.embed_tokens.weight"])
    assert table.config["tie_word_embeddings"] is False


def test_names_under_another_wrapper(tmp_path: Path) -> None:
    base = {f"model.language_model.{name.removeprefix('model.')}": array for name, array in BASE.items()}
    tensors = pair(Q, 8, 8, 4)
    table = merge(tmp_path, tensors, base)
    name = f"model.language_model.{Q.removeprefix('model.')}.weight"
    assert_sum(table, name, BASE[f"{Q}.weight"] + 2 * product(tensors, Q))


@pytest.mark.parametrize(
    ("tensors", "code"),
    [
        (pair("model.layers.7.self_attn.q_proj", 8, 8, 4), Code.ADAPTER_MISMATCH),
        (pair(Q, 8, 9, 4), Code.ADAPTER_MISMATCH),
        ({}, Code.ADAPTER_INVALID),
        (dict(list(pair(Q, 8, 8, 4).items())[:1]), Code.ADAPTER_INVALID),
        (
            {**pair(Q, 8, 8, 4), f"base_model.model.{Q}.lora_B.weight": np.zeros((8, 3), np.float32)},
            Code.ADAPTER_INVALID,
        ),
        (
            {**pair(Q, 8, 8, 4), f"base_model.model.{Q}.lora_magnitude_vector": np.zeros(8, np.float32)},
            Code.ADAPTER_UNSUPPORTED,
        ),
        (
            {**pair(DOWN, 8, 12, 4), f"base_model.model.{DOWN}.lora_B.bias": np.zeros(8, np.float32)},
            Code.ADAPTER_MISMATCH,
        ),
        (
            {**pair(Q, 8, 8, 4), f"base_model.model.{Q}.lora_C.weight": np.zeros(8, np.float32)},
            Code.ADAPTER_UNSUPPORTED,
        ),
        (
            {f"base_model.model.{Q}.lora_{x}.weight": np.zeros((4, 4, 1), np.float32) for x in "AB"},
            Code.ADAPTER_UNSUPPORTED,
        ),
    ],
    ids=["layer", "shape", "empty", "half", "ranks", "dora", "no bias", "another matrix", "convolution"],
)
def test_what_does_not_belong_together(tmp_path: Path, tensors: dict[str, NDArray[Any]], code: Code) -> None:
    with pytest.raises(ModelyardError) as caught:
        merge(tmp_path, tensors)
    assert caught.value.code is code


def test_an_add_on_of_another_name_is_read_two_together_are_not(tmp_path: Path) -> None:
    plain = pair(Q, 8, 8, 4)
    named = {name.replace(".weight", ".mine.weight"): array for name, array in plain.items()}
    assert_sum(merge(tmp_path / "a", named), f"{Q}.weight", BASE[f"{Q}.weight"] + 2 * product(plain, Q))
    with pytest.raises(ModelyardError) as caught:
        merge(tmp_path / "b", {**plain, **named})
    assert caught.value.code is Code.ADAPTER_UNSUPPORTED


def mlx(tmp_path: Path, tensors: dict[str, NDArray[Any]], **config: Any) -> MergedTable:
    base = model_folder(tmp_path / "base", BASE, vocab_size=10, tie_word_embeddings=False)
    folder = tmp_path / "adapters"
    folder.mkdir()
    told = {"fine_tune_type": "lora", "model": "mlx-community/base", "num_layers": 2, **config}
    settings = {key: value for key, value in told.items() if value is not None}
    write_json(folder / "adapter_config.json", settings)
    turned = {
        name.removeprefix("base_model.model.")
        .replace(".lora_A.weight", ".lora_a")
        .replace(".lora_B.weight", ".lora_b"): (np.ascontiguousarray(array.T))
        for name, array in tensors.items()
    }
    write_safetensors(folder / "adapters.safetensors", turned)
    return merged(open_checkpoint(base), open_adapter(folder))


@pytest.mark.parametrize("kind", ["lora", None], ids=["now", "early"])
def test_form_of_mlx(tmp_path: Path, kind: str | None) -> None:
    tensors = pair(Q, 8, 8, 4) | pair(DOWN, 8, 12, 4)
    table = mlx(tmp_path, tensors, lora_parameters={"rank": 4, "scale": 2.5, "dropout": 0.0}, fine_tune_type=kind)
    assert table.base_model == "mlx-community/base"
    for module in (Q, DOWN):
        assert_sum(table, f"{module}.weight", BASE[f"{module}.weight"] + 2.5 * product(tensors, module))


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"lora_parameters": {"rank": 4}}, Code.ADAPTER_INVALID),
        ({"lora_parameters": 3}, Code.ADAPTER_INVALID),
        ({"fine_tune_type": "dora", "lora_parameters": {"rank": 4, "scale": 2.0}}, Code.ADAPTER_UNSUPPORTED),
        ({"use_dora": True, "lora_parameters": {"rank": 4, "scale": 2.0}}, Code.ADAPTER_UNSUPPORTED),
        ({"fine_tune_type": "full"}, Code.ADAPTER_UNSUPPORTED),
    ],
)
def test_form_of_mlx_refused(tmp_path: Path, config: dict[str, Any], code: Code) -> None:
    with pytest.raises(ModelyardError) as caught:
        mlx(tmp_path, pair(Q, 8, 8, 4), **config)
    assert caught.value.code is code


@pytest.mark.parametrize("tied", [False, True])
def test_a_tied_output_stays_the_old_embedding(tmp_path: Path, tied: bool) -> None:
    """As PEFT trained it; both move together if it was told to keep them tied."""
    base = {name: array for name, array in BASE.items() if name != "lm_head.weight"}
    new = np.ones((10, 8), np.float32)
    tensors = pair(Q, 8, 8, 4) | {"base_model.model.model.embed_tokens.weight": new}
    table = merge(tmp_path, tensors, base, ensure_weight_tying=tied)
    assert np.array_equal(whole(table, "model.embed_tokens.weight"), new)
    if tied:
        assert "lm_head.weight" not in table.tensors
    else:
        assert np.array_equal(whole(table, "lm_head.weight"), base["model.embed_tokens.weight"])
        assert table.config["tie_word_embeddings"] is False and table.shards_of("lm_head.weight")
