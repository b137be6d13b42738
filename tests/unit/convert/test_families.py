"""The registry of families, what is told about them, and refusals in plain codes."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelyard.convert.content import GgufContent
from modelyard.convert.describe import Support, describe, families_table, known_families
from modelyard.convert.families import all_families, registry
from modelyard.convert.names import ALIKE
from modelyard.convert.plan import gguf_content
from modelyard.convert.projector import projector_content
from modelyard.errors import Code, ModelyardError
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.selftest.tiny_checkpoint import tiny_weights, write_tiny_llama
from tests.builders.safetensors_file import write_safetensors


def test_every_class_belongs_to_one_family() -> None:
    names = [name for family in all_families() for name in (*family.classes, *family.text_only)]
    assert len(names) == len(set(names)) == len(registry())


def test_every_architecture_is_llama_cpp_s() -> None:
    known = set(gguf.MODEL_ARCH_NAMES.values()) | set(ALIKE)
    assert {family.arch for family in all_families()} <= known


def test_description() -> None:
    assert describe({"architectures": ["MistralForCausalLM"]}).support is Support.WORKS
    seeing = describe({"architectures": ["Gemma3ForConditionalGeneration"]})
    assert seeing.support is Support.WORKS and seeing.sees
    speech = describe({"architectures": ["WhisperForConditionalGeneration"]})
    assert (speech.support, speech.reason) == (Support.NOT_YET, "speech")
    assert describe({"architectures": ["NeverHeardOf"]}).reason == "unknown"


def test_table_names_every_class() -> None:
    table = families_table()
    assert all(f"`{info.class_name}`" in table for info in known_families())


def plan(folder: Path) -> GgufContent:
    return gguf_content(open_checkpoint(folder))


def edit(folder: Path, name: str, **values: Any) -> None:
    path = folder / name
    content = json.loads(path.read_text(encoding="utf-8"))
    content.update(values)
    path.write_text(json.dumps(content), encoding="utf-8")


def refusal(folder: Path) -> ModelyardError:
    with pytest.raises(ModelyardError) as caught:
        plan(folder)
    return caught.value


def test_plan_of_a_tiny_llama(tmp_path: Path) -> None:
    content = plan(write_tiny_llama(tmp_path / "m", name="someone/Tiny-Llama-1B-Chat"))
    values = {entry.key: entry.value for entry in content.metadata}
    assert content.architecture == "llama" and content.original == "bf16"
    assert values["general.name"] == "Tiny Llama 1B Chat"
    assert values["llama.attention.head_count_kv"] == 2
    assert values["tokenizer.ggml.model"] == "llama"
    assert content.metadata[content.file_type_index - 1].key == "llama.attention.value_length"
    assert [job.name for job in content.tensors][:2] == ["output.weight", "token_embd.weight"]
    norms = [job for job in content.tensors if job.name.endswith("_norm.weight")]
    assert norms and all(job.fixed_type == 0 for job in norms)


def test_unknown_family_is_told(tmp_path: Path) -> None:
    folder = write_tiny_llama(tmp_path / "m")
    edit(folder, "config.json", architectures=["NeverHeardOfForCausalLM"])
    error = refusal(folder)
    assert (error.code, error.fields["architecture"]) == (Code.FAMILY_UNKNOWN, "NeverHeardOfForCausalLM")


def test_missing_vocabulary_is_told_with_where_to_get_it(tmp_path: Path) -> None:
    folder = write_tiny_llama(tmp_path / "m", name="someone/base-model")
    (folder / "tokenizer.json").unlink()
    error = refusal(folder)
    assert (error.code, error.fields["base_model"]) == (Code.TOKENIZER_MISSING, "someone/base-model")


def test_broken_vocabularies_are_told(tmp_path: Path) -> None:
    folder = write_tiny_llama(tmp_path / "m")
    (folder / "tokenizer.json").write_text('{"model": {"type": "BPE"}}', encoding="utf-8")
    assert refusal(folder).code is Code.TOKENIZER_INVALID
    (folder / "tokenizer.model").write_bytes(b"\x0a\x05hello")
    assert refusal(folder).code is Code.TOKENIZER_INVALID


def test_strange_tensor_is_named(tmp_path: Path) -> None:
    folder = write_tiny_llama(tmp_path / "m")
    tensors = tiny_weights(330, 2, 256, 0) | {"model.layers.0.self_attn.q_proj.lora_A.weight": np.zeros((2, 2), "u2")}
    write_safetensors(folder / "model.safetensors", tensors)
    error = refusal(folder)
    assert error.code is Code.TENSOR_UNKNOWN and "lora_A" in str(error.fields["name"])


def test_missing_expert_is_named(tmp_path: Path) -> None:
    folder = write_tiny_llama(tmp_path / "m")
    edit(folder, "config.json", architectures=["MixtralForCausalLM"], model_type="mixtral", num_local_experts=2)
    stem = "model.layers.0.block_sparse_moe.experts."
    parts = [f"{expert}.w{n}.weight" for expert in (0, 1) for n in (1, 2, 3)][:-1]
    tensors = tiny_weights(330, 0, 256, 0) | {stem + part: np.zeros((4, 4), "u2") for part in parts}
    write_safetensors(folder / "model.safetensors", tensors)
    assert refusal(folder).code is Code.TENSOR_MISSING


def test_unknown_pretokenizer_warns(tmp_path: Path) -> None:
    from tests.builders.hf_folder_models import write_gpt2

    content = plan(write_gpt2(tmp_path / "m"))
    assert content.warnings == (("pretokenizer_unknown", {"used": "default"}),)


def test_text_model_has_no_projector(tmp_path: Path) -> None:
    assert projector_content(open_checkpoint(write_tiny_llama(tmp_path / "m"))) is None


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=True),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
KEYS = (
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "vocab_size",
    "rope_theta",
    "rope_scaling",
    "head_dim",
    "max_position_embeddings",
    "rms_norm_eps",
    "text_config",
    "intermediate_size",
    "num_experts",
    "tie_word_embeddings",
    "model_type",
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(KEYS), ODD, max_size=3))
def test_odd_configurations_end_in_codes(tmp_path: Path, values: dict[str, Any]) -> None:
    folder = tmp_path / "m"
    if not folder.exists():
        write_tiny_llama(folder)
        (folder / "kept.json").write_bytes((folder / "config.json").read_bytes())
    (folder / "config.json").write_bytes((folder / "kept.json").read_bytes())
    edit(folder, "config.json", **values)
    with suppress(ModelyardError):
        assert plan(folder).architecture
