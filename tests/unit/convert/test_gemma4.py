"""Gemma 4's vocabulary: what is shown, what controls, and what transformers 5 writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import pytest

from modelyard.convert.plan import gguf_content
from modelyard.errors import Code, ModelyardError
from modelyard.formats.hf_folder import open_checkpoint
from tests.builders.family_checkpoints import ROWS, write_family

MERGED, CHANNEL = ROWS - 2, ROWS - 1  # "he" and "<|channel>"


def values_of(folder: Path) -> dict[str, Any]:
    return {entry.key: entry.value for entry in gguf_content(open_checkpoint(folder)).metadata}


def set_tokens(folder: Path, **tokens: Any) -> None:
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(settings | tokens), encoding="utf-8")


def test_tokens_of_thoughts_are_shown(tmp_path: Path) -> None:
    values = values_of(write_family(tmp_path / "m", "Gemma4ForCausalLM"))
    kinds = values["tokenizer.ggml.token_type"]
    assert kinds[CHANNEL] == gguf.TokenType.USER_DEFINED
    assert (kinds[1], kinds[MERGED]) == (gguf.TokenType.CONTROL, gguf.TokenType.NORMAL)
    assert values["tokenizer.ggml.model"] == "gemma4" and values["tokenizer.ggml.merges"] == ["h e"]
    assert values["tokenizer.ggml.add_bos_token"] is True


@pytest.mark.parametrize("tokens", [{"extra_special_tokens": ["he"]}, {"extra_special_tokens": [], "sot_token": "he"}])
def test_special_tokens_of_transformers_5(tmp_path: Path, tokens: dict[str, Any]) -> None:
    folder = write_family(tmp_path / "m", "Gemma4ForCausalLM")
    set_tokens(folder, **tokens)
    assert values_of(folder)["tokenizer.ggml.token_type"][MERGED] == gguf.TokenType.CONTROL


def test_heads_of_full_attention_may_stand_layer_by_layer(tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", "Gemma4ForConditionalGeneration")
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    for key in ("global_head_dim", "num_global_key_value_heads"):
        del config["text_config"][key]
    path.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelyardError) as caught:
        values_of(folder)
    assert caught.value.code is Code.CONFIG_KEY_MISSING
    config["text_config"]["per_layer_config"] = {"1": {"head_dim": 128, "num_key_value_heads": 1}}
    path.write_text(json.dumps(config), encoding="utf-8")
    values = values_of(folder)
    assert values["gemma4.attention.key_length"] == 128
    assert values["gemma4.attention.head_count_kv"] == [2, 1]
