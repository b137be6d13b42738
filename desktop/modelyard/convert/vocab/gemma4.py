"""Gemma 4's vocabulary (tokenizer model "gemma4"): pieces with bytes to fall back on, merged as BPE merges
(conversion/gemma.py Gemma4Model.set_vocab)."""

from __future__ import annotations

import gguf

from ..keys import Keys
from ..model import Model
from .bpe import need_tokenizer
from .special import SpecialTokens
from .spm import fallback_pieces

# Always shown, so that whoever reads the answer can find thoughts and calls in it.
_SHOWN = '<|channel> <channel|> <|tool_call> <tool_call|> <|tool_response> <tool_response|> <|"|>'.split()


def write_gemma4(model: Model, keys: Keys) -> None:
    """Raises TOKENIZER_MISSING, TOKENIZER_INVALID."""
    pieces = fallback_pieces(need_tokenizer(model))
    shown = int(gguf.TokenType.USER_DEFINED)
    keys.add_tokenizer_model("gemma4")
    keys.add_token_list(pieces.tokens)
    keys.add_token_scores(pieces.scores)
    pairs = zip(pieces.tokens, pieces.kinds, strict=True)
    keys.add_token_types([shown if text in _SHOWN else kind for text, kind in pairs])
    SpecialTokens(model, merges=True).write(keys)
    keys.add_add_space_prefix(False)
    keys.add_add_bos_token(True)
