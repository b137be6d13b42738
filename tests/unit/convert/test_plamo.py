"""PLaMo's vocabulary, tokenizer.jsonl, and what PLaMo 2's file tells that the reference's does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from modelyard.convert.plan import gguf_content
from modelyard.convert.vocab.plamo import FILE
from modelyard.errors import Code, ModelyardError
from modelyard.formats.hf_folder import open_checkpoint
from tests.builders.family_checkpoints import ROWS, write_family


def keys_of(folder: Path, **settings: str) -> dict[str, Any]:
    write_family(folder, "Plamo2ForCausalLM")
    if settings:
        (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return {entry.key: entry.value for entry in gguf_content(open_checkpoint(folder)).metadata}


def test_tokens(tmp_path: Path) -> None:
    keys = keys_of(tmp_path / "m", bos_token="<|plamo:bos|>", pad_token="<|plamo:pad|>")
    tokens, kinds = keys["tokenizer.ggml.tokens"], keys["tokenizer.ggml.token_type"]
    assert (keys["tokenizer.ggml.model"], len(tokens)) == ("plamo2", ROWS)
    assert tokens[261:266] == ["\n", "he", "hello", "日本", "[PAD1]"]
    assert [kinds[at] for at in (0, 1, 4, 5, 261, 265)] == [2, 3, 3, 6, 1, 5]
    assert [keys["tokenizer.ggml.scores"][at] for at in (0, 262, 265)] == [0.0, -1.5, -1000.0]
    ids = {name: keys[f"tokenizer.ggml.{name}_token_id"] for name in ("bos", "padding", "eot")}
    assert ids == {"bos": 1, "padding": 3, "eot": 4}
    assert "tokenizer.ggml.eos_token_id" not in keys


def test_mamba_layers_name_their_heads_too(tmp_path: Path) -> None:
    """With the reference's zero for the first layer llama.cpp turns queries round and round without an end."""
    keys = keys_of(tmp_path / "m")
    assert keys["plamo2.attention.head_count"] == [4, 4, 4, 4]
    assert keys["plamo2.attention.head_count_kv"] == [0, 1, 0, 1]


@pytest.mark.parametrize(
    "text", ["", "[]\n" * 9, "{}\n" * 9, "no json\n" * 9, '["a", "b", "NORMAL"]\n' * 9, "[" * 9000]
)
def test_what_is_no_vocabulary(text: str, tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", "Plamo2ForCausalLM")
    (folder / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ModelyardError) as caught:
        gguf_content(open_checkpoint(folder))
    assert caught.value.code is Code.TOKENIZER_INVALID


def test_a_special_token_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ModelyardError) as caught:
        keys_of(tmp_path / "m", bos_token="<s>")
    assert caught.value.code is Code.TOKENIZER_INVALID
