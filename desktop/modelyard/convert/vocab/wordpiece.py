"""WordPiece vocabularies (tokenizer model "bert"): BERT and its likes (conversion/bert.py)."""

from __future__ import annotations

import gguf

from ..keys import Keys
from ..model import Model
from .bpe import read_vocabulary
from .special import SpecialTokens


def write_wordpiece(model: Model, keys: Keys) -> None:
    """llama.cpp marks the beginning of a word ("▁word") where WordPiece marks what follows ("##ing").

    Raises TOKENIZER_MISSING, TOKENIZER_INVALID."""
    vocabulary = read_vocabulary(model, keys.arch)
    keys.add_token_type_count(model.config.get("type_vocab_size", 1))
    tokens = [_marked(text, kind) for text, kind in zip(vocabulary.tokens, vocabulary.kinds, strict=True)]
    keys.add_tokenizer_model("bert")
    keys.add_tokenizer_pre(vocabulary.pre)
    keys.add_token_list(tokens)
    keys.add_token_types(vocabulary.kinds)
    SpecialTokens(model, limit=len(tokens)).write(keys)


def _marked(text: str, kind: int) -> str:
    if kind == int(gguf.TokenType.CONTROL):
        return text
    return text[2:] if text.startswith("##") else f"▁{text}"
