"""Vocabularies of Kimi, tiktoken.model, and of the first Qwen: tokens, special tokens and the merges that are worked
out from the ranks. The expected merges are what llama.cpp b11434's converter writes for the same ranks."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from modelyard.convert.plan import gguf_content
from modelyard.errors import Code, ModelyardError
from modelyard.formats.hf_folder import open_checkpoint
from tests.builders.family_checkpoints import write_family
from tests.builders.vocabularies import write_qwen

MERGED = [b"he", b"ll", b"hell", b"hello", b"  ", b"    ", b"ab", b"bc", b"abc", b"ca", b"abca"]
BASE = 256 + len(MERGED)
SIZE = 320


def keys_of(folder: Path, ranks: bytes) -> dict[str, Any]:
    """The metadata of a tiny Kimi Linear that has no tokenizer.json."""
    write_family(folder, "KimiLinearForCausalLM")
    (folder / "tokenizer.json").unlink()
    (folder / "tiktoken.model").write_bytes(ranks)
    named = {BASE: "[BOS]", BASE + 1: "[EOS]", BASE + 2: "<|im_end|>"}
    settings = {"added_tokens_decoder": {number: {"content": text} for number, text in named.items()}}
    settings["eos_token"] = "<|im_end|>"
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return {entry.key: entry.value for entry in gguf_content(open_checkpoint(folder)).metadata}


def lines(tokens: list[bytes]) -> bytes:
    return b"".join(base64.b64encode(token) + b" %d\n" % rank for rank, token in enumerate(tokens))


def test_tokens_and_merges(tmp_path: Path) -> None:
    keys = keys_of(tmp_path / "m", lines([*(bytes([byte]) for byte in range(256)), *MERGED]))
    tokens = keys["tokenizer.ggml.tokens"]
    assert keys["tokenizer.ggml.pre"] == "kimi-k2"
    assert (len(tokens), tokens[256], tokens[260]) == (SIZE, "he", "ĠĠ")
    assert tokens[BASE : BASE + 4] == ["[BOS]", "[EOS]", "<|im_end|>", f"<|reserved_token_{BASE + 3}|>"]
    assert keys["tokenizer.ggml.token_type"][BASE - 1 : BASE + 1] == [1, 3]
    assert keys["tokenizer.ggml.eos_token_id"] == BASE + 2
    merges = ["h e", "l l", "he ll", "hell o", "Ġ Ġ", "ĠĠ ĠĠ", "a b", "b c", "ab c", "c a", "abc a"]
    assert keys["tokenizer.ggml.merges"] == merges


def qwen(folder: Path, **changes: Any) -> dict[str, Any]:
    write_family(folder, "QWenLMHeadModel")
    write_qwen(folder, MERGED)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, **changes}), encoding="utf-8")
    return {entry.key: entry.value for entry in gguf_content(open_checkpoint(folder)).metadata}


def test_qwen(tmp_path: Path) -> None:
    keys = qwen(tmp_path / "m")
    tokens, merges = keys["tokenizer.ggml.tokens"], keys["tokenizer.ggml.merges"]
    assert keys["tokenizer.ggml.pre"] == "qwen2"
    assert tokens[BASE : BASE + 4] == ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|extra_0|>"]
    assert tokens[BASE + 207 : BASE + 209] == ["<|extra_204|>", f"[PAD{BASE + 208}]"]
    assert [keys[f"tokenizer.ggml.{kind}_token_id"] for kind in ("bos", "eos", "unknown")] == [BASE] * 3
    assert (len(merges), merges[3]) == (len(MERGED), "hell o")


def test_qwen_with_pictures_and_an_end_of_its_own(tmp_path: Path) -> None:
    keys = qwen(tmp_path / "m", visual={"image_start_id": BASE + 214}, eos_token_id=BASE + 2)
    tokens = keys["tokenizer.ggml.tokens"]
    assert tokens[BASE + 208] == "<ref>"
    assert (tokens[BASE + 214], tokens[BASE + 216]) == ("<img>", "<imgpad>")
    assert (keys["tokenizer.ggml.eos_token_id"], keys["tokenizer.ggml.unknown_token_id"]) == (BASE + 2, BASE)
    assert "tokenizer.ggml.bos_token_id" not in keys


@pytest.mark.parametrize(
    "ranks", [b"", b"not a list", b"!!! 1\n", b"YQ== x\n", base64.b64encode(b"a" * 2000) + b" 0\n"]
)
def test_what_is_no_vocabulary(ranks: bytes, tmp_path: Path) -> None:
    with pytest.raises(ModelyardError) as caught:
        keys_of(tmp_path / "m", ranks)
    assert caught.value.code is Code.TOKENIZER_INVALID
