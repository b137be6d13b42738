"""What the recorded results (test_recorded.py) do not show of the smaller families: other vocabularies, values where a
key is missing, and what is refused. Values as llama.cpp b11434's converter writes them, where it does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.convert.content import GgufContent
from modelyard.convert.names import TensorNames
from modelyard.convert.plan import gguf_content
from modelyard.errors import Code, ModelyardError
from modelyard.formats.hf_folder import open_checkpoint
from tests.builders.family_checkpoints import write_family
from tests.builders.safetensors_file import write_safetensors
from tests.builders.vocabularies import write_pieces


def edit(folder: Path, name: str, **values: Any) -> None:
    """Changes a JSON file; None takes a key away."""
    path = folder / name
    found = json.loads(path.read_text(encoding="utf-8")) | values
    found = {key: value for key, value in found.items() if value is not None}
    path.write_text(json.dumps(found), encoding="utf-8")


def content_of(folder: Path) -> GgufContent:
    return gguf_content(open_checkpoint(folder))


def keys_of(folder: Path) -> dict[str, Any]:
    return {entry.key: entry.value for entry in content_of(folder).metadata}


def refusal(folder: Path) -> ModelyardError:
    with pytest.raises(ModelyardError) as caught:
        content_of(folder)
    return caught.value


def test_arctic_s_names_stay_its_own() -> None:
    """gguf's own table takes them for every architecture after."""
    name = "model.layers.0.post_attention_layernorm.weight"
    assert TensorNames("arctic", 1).find(name) == "blk.0.ffn_norm_exps.weight"
    assert TensorNames("llama", 1).find(name) == "blk.0.ffn_norm.weight"


def test_mpt_as_sea_lion(tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", "MPTForCausalLM")
    write_pieces(folder)
    keys = keys_of(folder)
    assert (keys["tokenizer.ggml.model"], keys["tokenizer.ggml.add_bos_token"]) == ("llama", False)
    kinds = ("padding", "eos", "unknown")
    assert [keys[f"tokenizer.ggml.{kind}_token_id"] for kind in kinds] == [3, 1, 0]


def test_mpt_by_its_defaults(tmp_path: Path) -> None:
    """As transformers' class fills them in."""
    folder = write_family(tmp_path / "m", "MPTForCausalLM")
    edit(folder, "config.json", attn_config=None, max_seq_len=None)
    keys = keys_of(folder)
    assert (keys["mpt.context_length"], keys["mpt.attention.max_alibi_bias"]) == (2048, 8)
    assert "mpt.attention.clamp_kqv" not in keys and "general.file_type" not in keys


@pytest.mark.parametrize(("splits", "model"), [("ByteLevel", "gpt2"), ("Whitespace", "whitespace")])
def test_jina_with_other_vocabularies(splits: str, model: str, tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", "MPTForCausalLM")
    tokenizer = (folder / "tokenizer.json").read_bytes()
    folder = write_family(tmp_path / "m", "JinaBertModel")
    (folder / "tokenizer.json").write_bytes(tokenizer)
    edit(folder, "tokenizer.json", pre_tokenizer={"type": splits, "add_prefix_space": False, "trim_offsets": True})
    edit(folder, "tokenizer_config.json", tokenizer_class="RobertaTokenizer")
    keys = keys_of(folder)
    assert (keys["tokenizer.ggml.model"], keys["tokenizer.ggml.token_type_count"]) == (model, 2)
    assert len(keys["tokenizer.ggml.merges"]) == 1
    edit(folder, "tokenizer_config.json", tokenizer_class="XLMRobertaTokenizer")
    assert refusal(folder).code is Code.CONFIG_INVALID


def test_jais_slopes_tell_the_bias(tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", "JAISLMHeadModel")
    assert keys_of(folder)["jais.attention.max_alibi_bias"] == 8.0
    slopes = np.array([2.0 ** (-4 * head / 4) for head in range(1, 5)], np.float32)
    write_safetensors(folder / "model.safetensors", {"transformer.relative_pe.slopes": slopes})
    assert keys_of(folder)["jais.attention.max_alibi_bias"] == 4.0
    edit(folder, "config.json", position_embedding_type="learned")
    assert refusal(folder).code is Code.CONFIG_INVALID


def test_xverse_wants_every_token(tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", "XverseForCausalLM")
    edit(folder, "config.json", vocab_size=321)
    assert refusal(folder).code is Code.TOKENIZER_INVALID
    edit(folder, "config.json", vocab_size=319)
    assert refusal(folder).code is Code.TOKENIZER_INVALID


def test_arctic_s_renamed_tokens(tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", "ArcticForCausalLM")
    added = {
        "0": {"content": "<unk>", "special": True},
        "270": {"content": "<|im_start|>", "special": True},
        "271": {"content": "<user>"},
        "5000": {"content": "far"},
    }
    edit(folder, "tokenizer_config.json", added_tokens_decoder=added)
    keys = keys_of(folder)
    parts = [keys[f"tokenizer.ggml.{part}"] for part in ("tokens", "scores", "token_type")]
    found = [[values[number] for values in parts] for number in (0, 270, 271)]
    assert found == [["<unk>", 0.0, 2], ["<|im_start|>", 0.0, 3], ["<user>", -10000.0, 4]]


def test_grok_in_parts_is_refused(tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", "Grok1ForCausalLM")
    edit(folder, "config.json", moe_intermediate_size=2048)
    error = refusal(folder)
    assert error.code is Code.CONFIG_INVALID and "part" in str(error.fields["detail"])


def test_a_part_of_the_attention_is_missed(tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", "RuGPT3XLForCausalLM")
    name = "model.layers.0.self_attn.q_proj.weight"
    write_safetensors(folder / "model.safetensors", {name: np.zeros((256, 256), np.float32)})
    error = refusal(folder)
    assert (error.code, error.fields["name"]) == (Code.TENSOR_MISSING, "blk.0.attn_qkv.weight")


def test_talkie_wants_the_gain_of_its_output(tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", "TalkieForCausalLM")
    assert "talkie.logit_scale" in keys_of(folder)
    write_safetensors(folder / "model.safetensors", {"lm_head": np.zeros((320, 256), np.float32)})
    assert refusal(folder).code is Code.TENSOR_MISSING


def test_pooling_of_a_llama_that_embeds(tmp_path: Path) -> None:
    """The reference leaves it out; then llama.cpp makes no vector."""
    keys = keys_of(write_family(tmp_path / "m", "LlamaBidirectionalModel"))
    assert keys["llama-embed.pooling_type"] == 1
