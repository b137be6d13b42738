"""Corners of llama.cpp's converter found by comparing whole files with it (b11434, transformers 4.57.6), and values
that have no place in a GGUF."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.convert.content import GgufContent
from modelyard.convert.plan import gguf_content
from modelyard.convert.vocab.hf_tokenizer import load_tokenizer
from modelyard.errors import Code, ModelyardError
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.selftest.tiny_checkpoint import tiny_weights, write_tiny_llama
from tests.builders.hf_folder_models import write_tokenizer
from tests.builders.safetensors_file import write_safetensors
from tests.unit.convert.test_vocab import model_in, write

WIDTH, LAYERS, VOCABULARY = 256, 1, 330


def edit(folder: Path, name: str, **values: Any) -> None:
    path = folder / name
    content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps({**content, **values}), encoding="utf-8")


def plan(folder: Path) -> GgufContent:
    return gguf_content(open_checkpoint(folder))


def values(content: GgufContent) -> dict[str, Any]:
    return {entry.key: entry.value for entry in content.metadata}


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    return write_tiny_llama(tmp_path / "Tiny-1B")


@pytest.fixture
def bare(llama: Path) -> Path:
    """A vocabulary and an embedding: what every family can hold."""
    weights = tiny_weights(VOCABULARY, LAYERS, WIDTH, 0)
    write_safetensors(llama / "model.safetensors", {name: weights[name] for name in weights if "layers" not in name})
    return llama


# --- which outtype `auto` is ------------------------------------------------------------------------------------


def test_a_tensor_outside_the_model_does_not_choose_the_outtype(llama: Path) -> None:
    """conversion/base.py index_tensors filters names before the first tensor is looked at; shards are read in the
    order of names, so the encoder of pictures is first here."""
    first = {"audio_tower.weight": np.zeros((2, 2), np.float16)}
    write_safetensors(llama / "model-00000.safetensors", first)
    table = open_checkpoint(llama)
    assert table.original == "f16" and next(iter(table.tensors)) == "audio_tower.weight"
    assert plan(llama).original == "bf16"


# --- configurations ---------------------------------------------------------------------------------------------


def test_no_sliding_window_in_olmo_2(bare: Path) -> None:
    edit(bare, "config.json", architectures=["Olmo2ForCausalLM"], model_type="olmo2", sliding_window=None)
    assert not any("sliding_window" in key for key in values(plan(bare)))


def test_refused_gemma_3_writes_head_sizes_late(llama: Path) -> None:
    """transformers does not know `type` there, so head_dim is only what conversion/gemma.py assumes: 256, written
    after the file type."""
    scaling = {"type": "linear", "factor": 8.0}
    names = {"architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text", "sliding_window": 512}
    edit(llama, "config.json", **names, rope_scaling=scaling)
    content = plan(llama)
    order = [entry.key for entry in content.metadata]
    assert order.index("gemma3.attention.key_length") == content.file_type_index
    assert values(content)["gemma3.attention.key_length"] == 256
    edit(llama, "config.json", rope_scaling={"rope_type": "linear", "factor": 8.0})
    content = plan(llama)
    order = [entry.key for entry in content.metadata]
    assert order.index("gemma3.attention.value_length") == content.file_type_index - 1


def phi3(folder: Path, **scaling: Any) -> dict[str, Any]:
    """Phi-3 with factors for 8 dimensions a head, stretched 32 times."""
    names = {"architectures": ["Phi3ForCausalLM"], "model_type": "phi3"}
    sizes = {"max_position_embeddings": 131072, "original_max_position_embeddings": 4096}
    factors = {"long_factor": [2.0] * 4, "short_factor": [1.0] * 4}
    edit(folder, "config.json", **names, **sizes, num_attention_heads=WIDTH // 8, rope_scaling={**factors, **scaling})
    return values(plan(folder))


def test_phi_3_reads_yarn_as_longrope(bare: Path) -> None:
    """transformers renames the kind when nothing else is said (configuration_phi3.py _rope_scaling_adjustment);
    otherwise it refuses the configuration and conversion/phi.py sees "yarn"."""
    longrope = math.sqrt(1 + math.log(32) / math.log(4096))
    assert phi3(bare, type="longrope")["phi3.rope.scaling.attn_factor"] == pytest.approx(longrope)
    assert phi3(bare, type="yarn")["phi3.rope.scaling.attn_factor"] == pytest.approx(longrope)
    refused = phi3(bare, type="yarn", rope_type="yarn")
    assert refused["phi3.rope.scaling.attn_factor"] == pytest.approx(0.1 * math.log(32) + 1)


# --- general.* --------------------------------------------------------------------------------------------------


def test_suggestions_that_fit_no_key_are_passed_over(llama: Path) -> None:
    edit(llama, "generation_config.json", top_k="forty", top_p=10**40, temperature=0.5, mirostat=2**31, sequence=["x"])
    found = {key: value for key, value in values(plan(llama)).items() if key.startswith("general.sampling")}
    assert found == {"general.sampling.temp": 0.5}


def test_a_byte_order_mark_hides_the_model_card(llama: Path) -> None:
    (llama / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")
    assert values(plan(llama))["general.license"] == "mit"
    (llama / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8-sig")
    assert "general.license" not in values(plan(llama))


@pytest.mark.parametrize(
    "odd",
    [
        {"num_key_value_heads": [10**40]},
        {"model_type": "llama", "num_attention_heads": 0},
        {"rope_theta": 10**40},
        {"rms_norm_eps": "1e-5"},
        {"max_position_embeddings": -1},
        {"num_attention_heads": 8, "num_key_value_heads": ["8"], "intermediate_size": [[1]]},
    ],
)
def test_values_no_key_can_hold(bare: Path, odd: dict[str, Any]) -> None:
    edit(bare, "config.json", **{"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", **odd})
    with pytest.raises(ModelyardError) as caught:
        plan(bare)
    assert caught.value.code is Code.CONFIG_INVALID


# --- added tokens -----------------------------------------------------------------------------------------------


def added(folder: Path) -> list[str]:
    tokenizer = load_tokenizer(model_in(folder))
    assert tokenizer is not None
    return [token.content for token in tokenizer.added.values()]


def test_special_tokens_of_both_files_count(tmp_path: Path) -> None:
    """tokenization_utils_base.py `_from_pretrained`: the map's list is put behind the settings' own."""
    write_tokenizer(tmp_path)
    edit(tmp_path, "tokenizer_config.json", additional_special_tokens=["<|one|>"])
    write(tmp_path, "special_tokens_map.json", {"additional_special_tokens": ["<|two|>"]})
    assert added(tmp_path)[-2:] == ["<|one|>", "<|two|>"]


def test_code_llama_brings_four_tokens(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    edit(tmp_path, "tokenizer_config.json", tokenizer_class="CodeLlamaTokenizer", add_bos_token=False)
    assert added(tmp_path)[-4:] == ["▁<PRE>", "▁<MID>", "▁<SUF>", "▁<EOT>"]
