"""transformers' defaults and derived values, as the reference converter sees them."""

from __future__ import annotations

from typing import Any

import pytest

from modelyard.convert.config import Config, read_config, read_text_config, text_config
from modelyard.convert.rope import llama3_factors, rope_parameters
from modelyard.errors import Code, ModelyardError


def test_llama_gets_what_the_file_omits() -> None:
    config = read_config({"model_type": "llama", "hidden_size": 2048, "num_attention_heads": 16})
    assert config["num_key_value_heads"] == 16
    assert config["head_dim"] == 128
    assert config["rms_norm_eps"] == 1e-6 and config["rope_theta"] == 10000.0


def test_mistral_has_its_own_key_heads_and_no_head_size() -> None:
    config = read_config({"model_type": "mistral", "num_attention_heads": 16})
    assert config["num_key_value_heads"] == 8
    assert config.get("head_dim") is None


def test_null_means_as_many_key_heads_as_heads() -> None:
    config = read_config({"model_type": "llama", "num_attention_heads": 8, "num_key_value_heads": None})
    assert config["num_key_value_heads"] == 8


def test_unknown_model_type_stays_as_it_is() -> None:
    raw = {"model_type": "something_new", "hidden_size": 8}
    assert read_config(raw) == raw


def test_old_names_are_renamed() -> None:
    assert read_config({"model_type": "gpt2", "hidden_size": 256})["n_embd"] == 256


@pytest.mark.parametrize("model_type", ["qwen3_moe", "qwen3_vl_moe_text"])
def test_experts_as_transformers_5_counts_them(model_type: str) -> None:
    """A default under the older name would count others than the file."""
    raw = {"model_type": model_type, "num_local_experts": 6}
    assert read_config(raw).get("num_experts", 6) == 6 and "num_experts" in read_config({"model_type": model_type})


def test_nested_text_model() -> None:
    raw = {"model_type": "gemma3", "text_config": {"model_type": "gemma3_text", "hidden_size": 640}}
    config = text_config(read_config(raw))
    assert config["hidden_size"] == 640
    assert config["rope_local_base_freq"] == 10000.0
    assert read_config(raw)["vision_config"]["patch_size"] == 16


def test_flat_text_model_of_qwen_vl() -> None:
    config = text_config(read_config({"model_type": "qwen2_5_vl", "hidden_size": 2048, "num_hidden_layers": 36}))
    assert config["hidden_size"] == 2048 and config["rms_norm_eps"] == 1e-5


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"model_type": "olmo3", "num_hidden_layers": 4}, ["sliding_attention"] * 3 + ["full_attention"]),
        ({"model_type": "lfm2", "num_hidden_layers": 3, "full_attn_idxs": [1]}, ["conv", "full_attention", "conv"]),
        ({"model_type": "exaone4", "num_hidden_layers": 2, "sliding_window": None}, ["full_attention"] * 2),
    ],
)
def test_layer_types(raw: dict[str, object], expected: list[str]) -> None:
    assert read_config(raw)["layer_types"] == expected


def test_missing_key_is_named() -> None:
    with pytest.raises(ModelyardError) as caught:
        Config({})["hidden_size"]
    assert caught.value.code is Code.CONFIG_KEY_MISSING and caught.value.fields["key"] == "hidden_size"
    with pytest.raises(ModelyardError):
        Config({"n_embd": None}).need("n_embd", "hidden_size")


def test_reading_changes_nothing_of_the_original() -> None:
    raw = {"model_type": "llama", "rope_scaling": {"type": "linear", "factor": 2.0}}
    rope_parameters(text_config(read_config(raw)))
    assert raw == {"model_type": "llama", "rope_scaling": {"type": "linear", "factor": 2.0}}


def test_rope_of_two_kinds() -> None:
    rope = rope_parameters(Config({"rope_theta": 1e6, "rope_local_base_freq": 1e4}))
    assert rope == {"rope_theta": 1e6, "sliding_attention": {"rope_theta": 1e4}}


def test_llama3_factors() -> None:
    rope = {
        "rope_type": "llama3",
        "rope_theta": 500000.0,
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
    factors = llama3_factors(rope, 128)
    assert factors is not None and len(factors) == 64
    assert factors[0] == 1.0 and factors[-1] == 8.0
    assert llama3_factors({"rope_type": "linear"}, 128) is None


REFUSED = [
    ("llama", {"rope_scaling": {"rope_type": "yarn"}}),  # no factor
    ("llama", {"rope_scaling": {"factor": 2.0}}),  # no kind
    ("qwen2", {"rope_scaling": {"rope_type": "llama3", "factor": 8.0}}),
    ("gemma3_text", {"rope_scaling": {"type": "linear", "factor": 8.0}}),  # knows only the newer name
    ("granite", {"rope_scaling": {"type": "linear", "factor": 8.0}}),
    ("olmo2", {"rope_scaling": {"rope_type": "linear", "factor": 2.0}}),
    ("olmo2", {"rope_scaling": {"type": "yarn", "factor": 2.0}}),
    ("qwen3", {"num_hidden_layers": 3, "layer_types": ["full_attention"]}),
]
READ = [
    ("llama", {"rope_scaling": {"type": "linear", "factor": 2}}),
    ("llama", {"rope_scaling": {"type": "of_its_own"}}),
    ("mistral", {"rope_scaling": {"rope_type": "yarn"}}),  # looks at nothing
    ("gemma3_text", {"rope_scaling": {"rope_type": "linear", "factor": 8.0}}),
    ("olmo2", {"rope_scaling": {"type": "dynamic", "factor": 2.0}}),
    ("qwen3", {"num_hidden_layers": 1, "layer_types": ["full_attention"]}),
]


@pytest.mark.parametrize(("model_type", "values"), REFUSED)
def test_a_configuration_transformers_refuses_gets_no_defaults(model_type: str, values: dict[str, Any]) -> None:
    """Recorded from transformers 4.57.6; conversion/base.py load_hparams then reads config.json alone."""
    raw = {"model_type": model_type, **values}
    assert read_config(raw) == raw
    config = read_text_config(raw)
    assert config.find("rms_norm_eps") is None
    assert config["rms_norm_eps"] > 0  # where the reference fails, the default is assumed


@pytest.mark.parametrize(("model_type", "values"), READ)
def test_a_configuration_transformers_reads_gets_defaults(model_type: str, values: dict[str, Any]) -> None:
    assert read_config({"model_type": model_type, **values})["rms_norm_eps"] > 0


def test_a_refused_part_refuses_the_whole() -> None:
    inner = {"model_type": "gemma3_text", "rope_scaling": {"type": "linear", "factor": 8.0}}
    assert read_config({"model_type": "gemma3", "text_config": inner})["text_config"] == inner


def test_null_key_heads_mean_what_the_class_makes_of_them() -> None:
    for model_type, expected in (("llama", 6), ("qwen3", 6), ("mistral", 6), ("qwen2_moe", None), ("gemma", None)):
        raw = {"model_type": model_type, "num_attention_heads": 6, "num_key_value_heads": None}
        assert read_config(raw)["num_key_value_heads"] == expected
