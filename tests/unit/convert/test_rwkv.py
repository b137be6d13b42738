"""RWKV's vocabulary: tokens as llama.cpp wants them, the special ones, and the chat template of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelyard.convert.plan import gguf_content
from modelyard.convert.vocab.rwkv import FILE
from modelyard.errors import Code, ModelyardError
from modelyard.formats.hf_folder import open_checkpoint
from tests.builders.family_checkpoints import ROWS, write_family


def keys_of(folder: Path, vocabulary: str | None = None) -> dict[str, Any]:
    write_family(folder, "Rwkv7ForCausalLM")
    if vocabulary is not None:
        (folder / FILE).write_text(vocabulary, encoding="utf-8")
    return {entry.key: entry.value for entry in gguf_content(open_checkpoint(folder)).metadata}


def test_tokens(tmp_path: Path) -> None:
    keys = keys_of(tmp_path / "m")
    tokens, kinds = keys["tokenizer.ggml.tokens"], keys["tokenizer.ggml.token_type"]
    assert (keys["tokenizer.ggml.model"], len(tokens), len(kinds)) == ("rwkv", ROWS, ROWS)
    assert [tokens[at] for at in (0, 1, 11, 98, 256)] == ["<s>", "\\x00", "\\n", "a", "\\xff"]
    assert tokens[257:265] == ["\\n\\n\\n", "\\r\\n", "\"\\'", "\\xc3\\xa9", "\\n\\n", "he", "hello", "[PAD264]"]
    assert (kinds[0], kinds[1], kinds[263], kinds[264]) == (3, 1, 1, 5)
    ids = {name: keys[f"tokenizer.ggml.{name}_token_id"] for name in ("bos", "eos", "eot")}
    assert ids == {"bos": 0, "eos": 0, "eot": 261}
    assert "'Assistant:'" in keys["tokenizer.chat_template"]


@pytest.mark.parametrize(
    "vocabulary",
    ["", "1 'a'\n", "1 'a' 2\n", "1 ['a'] 1\n", "1 open('x') 1\n", "1 '" + "a" * 5000 + "' 5000\n", "1 'a' 1\n" * 400],
)
def test_what_is_no_vocabulary(vocabulary: str, tmp_path: Path) -> None:
    with pytest.raises(ModelyardError) as caught:
        keys_of(tmp_path / "m", vocabulary)
    assert caught.value.code is Code.TOKENIZER_INVALID
