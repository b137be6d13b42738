"""Phi-3's vocabulary: SentencePiece with added tokens from three files, each as it is written there
(conversion/phi.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import gguf

from ..keys import Keys
from ..model import Model
from .special import SpecialTokens
from .spm import ADDED_SCORE, read_base_pieces, write_pieces


def write_phi3_vocabulary(model: Model, keys: Keys) -> None:
    """Raises TOKENIZER_MISSING, TOKENIZER_INVALID."""
    pieces = read_base_pieces(model)
    beyond = 0
    for number, text, special in _added(model):
        if number >= len(pieces.tokens):
            beyond += 1
        else:
            kind = gguf.TokenType.CONTROL if special else gguf.TokenType.USER_DEFINED
            pieces.set(number, text, ADDED_SCORE, kind)
    if beyond:
        model.warn("tokens_beyond_vocabulary", count=beyond, size=len(pieces.tokens))
    write_pieces(pieces, keys)
    SpecialTokens(model, limit=len(pieces.tokens)).write(keys)


def _added(model: Model) -> Iterable[tuple[int, str, bool]]:
    for text, number in (model.json("added_tokens.json") or {}).items():
        yield int(number), text, False
    settings = model.json("tokenizer_config.json") or {}
    for key, entry in (settings.get("added_tokens_decoder") or {}).items():
        yield int(key), *_entry(entry)
    for entry in (model.json("tokenizer.json") or {}).get("added_tokens") or []:
        yield int(entry["id"]), *_entry(entry)


def _entry(entry: Mapping[str, Any]) -> tuple[str, bool]:
    return str(entry["content"]), bool(entry.get("special"))
