"""Mistral's own vocabulary file, tekken.json. Results as those of llama.cpp b11434 with mistral-common, whole file,
on both files that package ships and on versions 7, 11 and 13 (compared once)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from modelyard.convert.plan import gguf_content
from modelyard.errors import Code, ModelyardError
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.selftest.tiny_checkpoint import write_tiny_llama

WORDS = [b"he", b"ll", b"hell", b"hello", b" h"]


def tekken(version: str, **changes: Any) -> dict[str, Any]:
    tokens = [*(bytes([byte]) for byte in range(256)), *WORDS]
    vocab = [
        {"rank": rank, "token_bytes": base64.b64encode(token).decode(), "token_str": None}
        for rank, token in enumerate([*tokens, b"hel"])
    ]
    special = [
        {"rank": rank, "token_str": name, "is_control": True} for rank, name in enumerate(["<unk>", "<s>", "</s>"])
    ]
    config = {
        "pattern": ".",
        "num_vocab_tokens": len(vocab),
        "default_vocab_size": len(tokens) + 5,
        "default_num_special_tokens": 5,
        "version": version,
    }
    return {"config": config, "vocab": vocab, "special_tokens": special, **changes}


def keys_of(folder: Path, data: Any) -> dict[str, Any]:
    write_tiny_llama(folder)
    (folder / "tokenizer.json").unlink()
    (folder / "tekken.json").write_text(json.dumps(data), encoding="utf-8")
    return {entry.key: entry.value for entry in gguf_content(open_checkpoint(folder)).metadata}


def test_vocabulary(tmp_path: Path) -> None:
    keys = keys_of(tmp_path / "m", tekken("v13"))
    assert (keys["tokenizer.ggml.model"], keys["tokenizer.ggml.pre"]) == ("gpt2", "tekken")
    tokens = keys["tokenizer.ggml.tokens"]
    assert tokens[:6] == ["<unk>", "<s>", "</s>", "<SPECIAL_3>", "<SPECIAL_4>", "Ā"]
    assert tokens[-5:] == ["he", "ll", "hell", "hello", "Ġh"]  # "hel" lies beyond the vocabulary
    assert keys["tokenizer.ggml.merges"] == ["h e", "l l", "he ll", "hell o", "Ġ h"]
    ids = [keys[f"tokenizer.ggml.{kind}_token_id"] for kind in ("bos", "eos", "unknown", "padding")]
    assert ids == [1, 2, 0, 2]
    assert keys["tokenizer.ggml.add_bos_token"] is True and keys["tokenizer.ggml.add_eos_token"] is False
    assert "[INST]" in keys["tokenizer.chat_template"]


def test_old_files_do_not_list_special_tokens(tmp_path: Path) -> None:
    data = tekken("v7", special_tokens=None)
    data["config"] |= {"default_num_special_tokens": 21, "default_vocab_size": 256 + len(WORDS) + 21}
    keys = keys_of(tmp_path / "m", data)
    assert keys["tokenizer.ggml.tokens"][11] == "<pad>" and keys["tokenizer.ggml.padding_token_id"] == 11
    assert keys["tokenizer.chat_template"] == "mistral-v7-tekken"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"config": []},
        tekken("v13", vocab=[]),
        tekken("v13", vocab=[{"token_bytes": "AA=="}] * 300),
        tekken("v13", vocab=[{"token_bytes": "!"}] * 300),
        tekken("v13", special_tokens=[{"token_str": str(n)} for n in range(6)]),
    ],
    ids=["nothing", "no config", "no tokens", "twice", "no base64", "too many special ones"],
)
def test_broken_files_are_told(tmp_path: Path, data: Any) -> None:
    with pytest.raises(ModelyardError) as caught:
        keys_of(tmp_path / "m", data)
    assert caught.value.code is Code.TOKENIZER_INVALID
