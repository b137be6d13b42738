"""SentencePiece vocabularies (tokenizer model "llama"): from tokenizer.model or a byte-fallback tokenizer.json."""

from __future__ import annotations

import re
from dataclasses import dataclass

import gguf

from ...errors import Code, ModelyardError
from ..config import bounded
from ..keys import Keys
from ..model import Model
from .bpe import base_model, looks_special, need_tokenizer
from .hf_tokenizer import HfTokenizer
from .special import SpecialTokens

PADDING_SCORE, ADDED_SCORE = -10000.0, -1000.0  # scores the reference gives to missing and to added tokens
_BYTE = re.compile(r"<0x[0-9A-Fa-f]{2}>")
_Type = gguf.TokenType


@dataclass
class Pieces:
    """Parallel lists by token id; kinds are gguf.TokenType numbers."""

    tokens: list[str]
    scores: list[float]
    kinds: list[int]

    def set(self, number: int, text: str, score: float, kind: int) -> None:
        self.tokens[number], self.scores[number], self.kinds[number] = text, score, int(kind)


def has_spm(model: Model) -> bool:
    return model.files.read("tokenizer.model") is not None


def read_pieces(model: Model) -> Pieces:
    """tokenizer.model, then added_tokens.json, then tokenizer_config.json's added_tokens_decoder
    (conversion/base.py _create_vocab_sentencepiece). Raises TOKENIZER_MISSING, TOKENIZER_INVALID."""
    pieces = read_base_pieces(model)
    _add_tokens(model, pieces, len(pieces.tokens))
    return pieces


def read_base_pieces(model: Model) -> Pieces:
    """tokenizer.model alone, padded to the configuration's vocabulary. Raises as read_pieces does."""
    data = model.files.read("tokenizer.model")
    if data is None:
        raise ModelyardError(Code.TOKENIZER_MISSING, name="tokenizer.model", base_model=base_model(model))
    return read_pieces_of(
        data, int(model.config.find("vocab_size_per_layer_input", "vocab_size") or 0), "tokenizer.model"
    )


def read_pieces_of(data: bytes, size: int, name: str) -> Pieces:
    """The pieces of a SentencePiece model, padded or cut to `size` (0: its own). Raises TOKENIZER_INVALID."""
    from sentencepiece import SentencePieceProcessor

    processor = SentencePieceProcessor()
    try:
        processor.LoadFromSerializedProto(data)
    except RuntimeError as error:
        raise ModelyardError(Code.TOKENIZER_INVALID, name=name, detail=str(error)[:200]) from error
    count = processor.vocab_size()
    size = bounded("vocab_size", size or count)
    pieces = Pieces([f"[PAD{i}]" for i in range(size)], [PADDING_SCORE] * size, [int(_Type.UNUSED)] * size)
    for number in range(min(count, size)):
        kind = _Type.NORMAL
        if processor.IsUnknown(number):
            kind = _Type.UNKNOWN
        elif processor.IsControl(number):
            kind = _Type.CONTROL
        elif processor.IsUnused(number):
            kind = _Type.UNUSED
        elif processor.IsByte(number):
            kind = _Type.BYTE
        pieces.set(number, processor.IdToPiece(number), processor.GetScore(number), kind)
    return pieces


def _add_tokens(model: Model, pieces: Pieces, size: int) -> None:
    beyond = 0
    for text, number in (model.json("added_tokens.json") or {}).items():
        if int(number) < size:
            pieces.set(int(number), text, ADDED_SCORE, _Type.USER_DEFINED)
        else:
            beyond += 1
    settings = model.json("tokenizer_config.json") or {}
    for key, entry in (settings.get("added_tokens_decoder") or {}).items():
        text = str(entry["content"])
        if int(key) >= size:
            beyond += 1
        elif entry.get("special") or looks_special(text):
            pieces.set(int(key), text, ADDED_SCORE, _Type.CONTROL)
        else:
            pieces.set(int(key), text.replace("▁", " "), ADDED_SCORE, _Type.USER_DEFINED)
    if beyond:
        model.warn("tokens_beyond_vocabulary", count=beyond, size=size)


def write_pieces(pieces: Pieces, keys: Keys, *, model_name: str = "llama") -> None:
    """The five keys every SentencePiece vocabulary begins with."""
    keys.add_tokenizer_model(model_name)
    keys.add_tokenizer_pre("default")
    keys.add_token_list(pieces.tokens)
    keys.add_token_scores(pieces.scores)
    keys.add_token_types(pieces.kinds)


def write_spm(model: Model, keys: Keys) -> None:
    """conversion/base.py _set_vocab_sentencepiece."""
    pieces = read_pieces(model)
    write_pieces(pieces, keys)
    SpecialTokens(model, limit=len(pieces.tokens)).write(keys)


def is_byte_fallback(model: Model) -> bool:
    """True for a SentencePiece model saved as tokenizer.json only (Llama 2 and its likes)."""
    tokenizer = model.json("tokenizer.json")
    if tokenizer is None:
        return False
    kind, decoder = tokenizer.get("model") or {}, tokenizer.get("decoder") or {}
    return kind.get("type") == "BPE" and bool(kind.get("byte_fallback")) and decoder.get("type") == "Sequence"


def write_byte_fallback(model: Model, keys: Keys) -> None:
    """conversion/base.py _set_vocab_llama_hf: no scores are known, every token gets −1000."""
    tokenizer = need_tokenizer(model)
    pieces = fallback_pieces(tokenizer)
    write_pieces(pieces, keys)
    SpecialTokens(model, limit=len(pieces.tokens)).write(keys)


def fallback_pieces(tokenizer: HfTokenizer) -> Pieces:
    texts = {number: text for text, number in tokenizer.vocabulary.items()}
    special = {tokenizer.vocabulary[text] for text in tokenizer.specials if text in tokenizer.vocabulary}
    pieces = Pieces([], [], [])
    for number in range(tokenizer.base_size):
        text = texts.get(number)
        if text is None:
            raise ModelyardError(Code.TOKENIZER_INVALID, name="tokenizer.json", detail=f"no token {number}")
        kind = _Type.BYTE if _BYTE.fullmatch(text) else _Type.CONTROL if number in special else _Type.NORMAL
        _append(pieces, text, kind)
    for number, token in tokenizer.added.items():
        if number >= tokenizer.base_size:
            _append(pieces, token.content, _Type.CONTROL if number in special else _Type.USER_DEFINED)
    return pieces


def _append(pieces: Pieces, text: str, kind: int) -> None:
    pieces.tokens.append(text)
    pieces.scores.append(ADDED_SCORE)
    pieces.kinds.append(int(kind))
