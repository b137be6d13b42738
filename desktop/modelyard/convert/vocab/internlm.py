"""InternLM's vocabularies: SentencePiece, with the chat models' own end of a turn (conversion/internlm.py)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import gguf

from ..keys import Keys
from ..model import Model
from .proto import normalizer_of
from .special import SpecialTokens
from .spm import ADDED_SCORE, read_base_pieces, read_pieces, write_pieces

_TURN_END = "<|im_end|>"


def write_internlm2_vocabulary(model: Model, keys: Keys) -> None:
    """Raises TOKENIZER_MISSING, TOKENIZER_INVALID."""
    pieces = read_base_pieces(model)
    for number, text in enumerate(pieces.tokens):
        if text == "\x00":  # llama.cpp would take it for the end of a string
            pieces.tokens[number] = "🐉"
        if text.startswith("[UNUSED"):
            pieces.kinds[number] = int(gguf.TokenType.UNUSED)
    for text in model.json("added_tokens.json") or {}:
        pieces.tokens.append(text)
        pieces.scores.append(ADDED_SCORE)
        pieces.kinds.append(int(gguf.TokenType.USER_DEFINED))
    turn_end = None
    for number, entry in _added(model):
        text = str(entry["content"])
        turn_end = number if text == _TURN_END else turn_end
        kind = gguf.TokenType.CONTROL if entry.get("special") else gguf.TokenType.USER_DEFINED
        if number < len(pieces.tokens):
            pieces.set(number, text, ADDED_SCORE, kind)
    write_pieces(pieces, keys)
    keys.add_add_space_prefix(normalizer_of(model.files.read("tokenizer.model") or b"").add_dummy_prefix)
    special = SpecialTokens(model, limit=len(pieces.tokens))
    if turn_end is not None:
        special.ids["eos"] = turn_end
    special.write(keys)


def _added(model: Model) -> Iterable[tuple[int, dict[str, Any]]]:
    settings = model.json("tokenizer_config.json") or {}
    for key, entry in (settings.get("added_tokens_decoder") or {}).items():
        yield int(key), entry
    for entry in (model.json("tokenizer.json") or {}).get("added_tokens") or []:
        yield int(entry["id"]), entry


def write_internlm3_vocabulary(model: Model, keys: Keys) -> None:
    """Raises TOKENIZER_MISSING, TOKENIZER_INVALID."""
    pieces = read_pieces(model)
    write_pieces(pieces, keys)
    special = SpecialTokens(model, limit=len(pieces.tokens))
    settings = model.json("tokenizer_config.json") or {}
    if (prefix := settings.get("add_prefix_space")) is not None:
        keys.add_add_space_prefix(bool(prefix))
    for key, entry in (settings.get("added_tokens_decoder") or {}).items():
        if entry.get("special") and entry.get("content") == _TURN_END and "eos" in special.ids:
            special.ids["eos"] = int(key)
    special.write(keys)
