"""Unigram vocabularies (tokenizer model "t5"): XLM-RoBERTa and Nomic's multilingual model
(conversion/bert.py _xlmroberta_set_vocab)."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from typing import Any

import gguf

from ...errors import Code, ModelyardError
from ..config import bounded
from ..keys import Keys
from ..model import Model
from .bpe import base_model, need_tokenizer
from .proto import normalizer_of
from .special import SpecialTokens
from .spm import PADDING_SCORE, Pieces, read_pieces_of

_Type = gguf.TokenType
_FIRST = ("<s>", "<pad>", "</s>", "<unk>")


@dataclass(frozen=True)
class _Unigram:
    pieces: Pieces
    dummy_prefix: bool
    trimmed: bool
    charsmap: bytes


def write_unigram(model: Model, keys: Keys) -> None:
    """From sentencepiece.bpe.model or tokenizer.json. Raises TOKENIZER_MISSING, TOKENIZER_INVALID."""
    data = model.files.read("sentencepiece.bpe.model")
    found = _from_json(model) if data is None else _from_sentencepiece(model, data, keys.arch)
    keys.add_tokenizer_model("t5")
    keys.add_tokenizer_pre("default")
    keys.add_token_list(found.pieces.tokens)
    keys.add_token_scores(found.pieces.scores)
    keys.add_token_types(found.pieces.kinds)
    keys.add_add_space_prefix(found.dummy_prefix)
    keys.add_token_type_count(model.config.get("type_vocab_size", 1))
    keys.add_remove_extra_whitespaces(found.trimmed)
    if found.charsmap:
        keys.add_precompiled_charsmap(found.charsmap)
    SpecialTokens(model, limit=len(found.pieces.tokens)).write(keys)


def _from_sentencepiece(model: Model, data: bytes, architecture: str) -> _Unigram:
    """transformers puts its own four tokens first and leaves out the model's last."""
    spec = normalizer_of(data)
    pieces = read_pieces_of(data, int(model.config.get("vocab_size") or 0), "sentencepiece.bpe.model")
    kinds = [int(_Type.CONTROL)] * 3 + [int(_Type.UNKNOWN)]
    pieces = Pieces([*_FIRST, *pieces.tokens[3:-1]], [0.0] * 4 + pieces.scores[3:-1], kinds + pieces.kinds[3:-1])
    if architecture == "nomic-bert-moe":
        pieces.set(250001, "<mask>", 0.0, _Type.CONTROL)
    return _Unigram(pieces, spec.add_dummy_prefix, spec.remove_extra_whitespaces, spec.precompiled_charsmap)


def _from_json(model: Model) -> _Unigram:
    tokenizer = need_tokenizer(model)
    stored = model.json("tokenizer.json")
    if stored is None:
        raise ModelyardError(Code.TOKENIZER_MISSING, name="tokenizer.json", base_model=base_model(model))
    settings = model.json("tokenizer_config.json") or {}
    scored: list[list[Any]] = stored["model"]["vocab"]
    size = bounded("vocab_size", max(int(model.config.get("vocab_size") or 0), tokenizer.base_size))
    pieces = Pieces([f"[PAD{i}]" for i in range(size)], [PADDING_SCORE] * size, [int(_Type.UNUSED)] * size)
    added = {token.content: number for number, token in tokenizer.added.items()}
    unknown = added.get(str(settings.get("unk_token")), stored["model"].get("unk_id", 3))
    special = {tokenizer.vocabulary[text] for text in tokenizer.specials if text in tokenizer.vocabulary}
    texts = {number: text for text, number in tokenizer.vocabulary.items()}
    for number in range(tokenizer.base_size):
        kind = _Type.NORMAL
        if number == unknown:
            kind = _Type.UNKNOWN
        elif number in special:
            kind = _Type.CONTROL
        elif number in tokenizer.added:
            kind = _Type.USER_DEFINED
        pieces.set(number, texts[number], float(scored[number][1]), kind)
    charsmap = b64decode(_charsmap(stored.get("normalizer") or {}))
    clean = settings.get("clean_up_tokenization_spaces") is True
    return _Unigram(pieces, bool(settings.get("add_prefix_space", False)), clean, charsmap)


def _charsmap(normalizer: dict[str, Any]) -> str:
    if normalizer.get("type") == "Sequence":
        return next(filter(None, map(_charsmap, normalizer.get("normalizers") or [])), "")
    return str(normalizer.get("precompiled_charsmap") or "")
