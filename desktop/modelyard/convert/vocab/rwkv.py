"""RWKV's own vocabulary, which chooses the longest token (conversion/base.py _set_vocab_rwkv_world)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import resources

import gguf

from ...errors import Code, ModelyardError
from ..config import bounded
from ..keys import Keys
from ..model import Model
from .special import SpecialTokens

FILE = "rwkv_vocab_v20230424.txt"
_MOST_LINES, _LONGEST = 1 << 20, 4096  # characters of a line
_TURN_ENDS = 261  # two line breaks


def has_rwkv(model: Model) -> bool:
    return FILE in model.files


def write_rwkv(model: Model, keys: Keys) -> None:
    """Raises TOKENIZER_INVALID."""
    try:
        tokens = ["<s>", *_tokens(model.files.text(FILE) or "")]
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise _invalid(f"{type(error).__name__}: {error}"[:200]) from error
    padding = bounded("vocab_size", model.config.get("vocab_size", 65536)) - len(tokens)
    if padding < 0:
        raise _invalid(f"{-padding} tokens beyond the vocabulary")
    kinds = [gguf.TokenType.CONTROL, *[gguf.TokenType.NORMAL] * (len(tokens) - 1)]
    keys.add_tokenizer_model("rwkv")
    keys.add_token_list([*tokens, *(f"[PAD{number}]" for number in range(len(tokens), len(tokens) + padding))])
    keys.add_token_types([*kinds, *[gguf.TokenType.UNUSED] * padding])
    special = SpecialTokens(model)
    if special.chat_template is None:
        special.chat_template = resources.files(__package__).joinpath("rwkv_world.jinja").read_text(encoding="utf-8")
    special.set("eot", _TURN_ENDS)
    special.ids |= {"bos": 0, "eos": 0}
    special.write(keys)


def _tokens(text: str) -> Iterator[str]:
    """A line is a number, the token as Python writes it, and its length in bytes. llama.cpp wants bytes that cannot be
    seen as Python shows them."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) > _MOST_LINES or any(len(line) > _LONGEST for line in lines):
        raise ValueError("too many tokens, or one that is too long")
    for line in lines:
        _, *shown, length = line.split(" ")
        token = ast.literal_eval(" ".join(shown))
        data = token.encode() if isinstance(token, str) else token
        if not isinstance(data, bytes) or len(data) != int(length):
            raise ValueError(f"no token: {line[:80]}")
        yield repr(data)[2:-1]


def _invalid(detail: str) -> ModelyardError:
    return ModelyardError(Code.TOKENIZER_INVALID, name=FILE, detail=detail)
