"""SentencePiece vocabularies (tokenizer model "llama"): from tokenizer.model or a byte-fallback tokenizer.json."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gguf

from ...errors import Code, ModelyardError
from ..config import bounded
from ..keys import Keys
from ..model import Model
from .bpe import base_model, looks_special, need_tokenizer
from .hf_tokenizer import HfTokenizer
from .special import SpecialTokens
from .tokenizer_class import is_of_version_5

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


def has_pieces(model: Model) -> bool:
    """The file, or a tokenizer.json made from it: transformers 5 saves nothing else."""
    return has_spm(model) or is_byte_fallback(model)


def read_pieces(model: Model) -> Pieces:
    """tokenizer.model, then added_tokens.json, then tokenizer_config.json's added_tokens_decoder
    (conversion/base.py _create_vocab_sentencepiece). Raises TOKENIZER_MISSING, TOKENIZER_INVALID."""
    pieces = read_base_pieces(model)
    _add_tokens(model, pieces, len(pieces.tokens))
    return pieces


def read_base_pieces(model: Model) -> Pieces:
    """tokenizer.model alone, or what tokenizer.json tells of it (where the reference fails), padded to the
    configuration's vocabulary. Raises as read_pieces does."""
    data = model.files.read("tokenizer.model")
    size = int(model.config.find("vocab_size_per_layer_input", "vocab_size") or 0)
    if data is not None:
        return read_pieces_of(data, size, "tokenizer.model")
    if is_byte_fallback(model):
        return pieces_of_json(model.json("tokenizer.json") or {}, size)
    raise ModelyardError(Code.TOKENIZER_MISSING, name="tokenizer.model", base_model=base_model(model))


def read_pieces_of(data: bytes, size: int, name: str) -> Pieces:
    """The pieces of a SentencePiece model, padded or cut to `size` (0: its own). Raises TOKENIZER_INVALID."""
    from sentencepiece import SentencePieceProcessor

    processor = SentencePieceProcessor()
    try:
        processor.LoadFromSerializedProto(data)
    except RuntimeError as error:
        raise ModelyardError(Code.TOKENIZER_INVALID, name=name, detail=str(error)[:200]) from error
    count = processor.vocab_size()
    pieces = _padding(bounded("vocab_size", size or count))
    for number in range(min(count, len(pieces.tokens))):
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


def _padding(size: int) -> Pieces:
    return Pieces([f"[PAD{i}]" for i in range(size)], [PADDING_SCORE] * size, [int(_Type.UNUSED)] * size)


def pieces_of_json(tokenizer: Mapping[str, Any], size: int) -> Pieces:
    """What the SentencePiece model was that a byte-fallback tokenizer.json was made from, added tokens included,
    padded or cut to `size` (0: its own). Raises TOKENIZER_INVALID."""
    known: Mapping[str, Any] = tokenizer["model"]
    words: dict[str, int] = known.get("vocab") or {}
    added = [(int(entry["id"]), entry) for entry in tokenizer.get("added_tokens") or []]
    count = 1 + max([*words.values(), *(number for number, _ in added)], default=-1)
    pieces, scores = _padding(bounded("vocab_size", size or count)), merge_scores(tokenizer)
    size = len(pieces.tokens)
    for text, number in words.items():
        if 0 <= number < size:
            kind = _Type.UNKNOWN if text == known.get("unk_token") else _Type.NORMAL
            pieces.set(number, text, scores.get(text, 0.0), _Type.BYTE if _BYTE.fullmatch(text) else kind)
    for number, entry in added:
        if 0 <= number < size:
            _set_added(pieces, number, entry)
    return pieces


def merge_scores(tokenizer: Mapping[str, Any]) -> dict[str, float]:
    """The merges of a tokenizer.json as scores of the pieces they make: the sooner, the higher, as SentencePiece has
    them and llama.cpp wants them. Raises TOKENIZER_INVALID."""
    scores: dict[str, float] = {}
    for rank, pair in enumerate((tokenizer.get("model") or {}).get("merges") or []):
        parts = pair.split(" ", 1) if isinstance(pair, str) else pair
        if not isinstance(parts, list) or len(parts) != 2 or not all(isinstance(part, str) for part in parts):
            raise ModelyardError(Code.TOKENIZER_INVALID, name="tokenizer.json", detail="merges")
        scores.setdefault("".join(parts), -float(rank))
    return scores


def _set_added(pieces: Pieces, number: int, entry: Mapping[str, Any]) -> None:
    text = str(entry["content"])
    if entry.get("special") or looks_special(text):
        pieces.set(number, text, ADDED_SCORE, _Type.CONTROL)
    else:
        pieces.set(number, text.replace("▁", " "), ADDED_SCORE, _Type.USER_DEFINED)


def _add_tokens(model: Model, pieces: Pieces, size: int) -> None:
    beyond = 0
    for text, number in (model.json("added_tokens.json") or {}).items():
        if int(number) < size:
            pieces.set(int(number), text, ADDED_SCORE, _Type.USER_DEFINED)
        else:
            beyond += 1
    settings = model.json("tokenizer_config.json") or {}
    for key, entry in (settings.get("added_tokens_decoder") or {}).items():
        if int(key) < size:
            _set_added(pieces, int(key), entry)
        else:
            beyond += 1
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
    """conversion/base.py _set_vocab_llama_hf: no scores are known, every token gets −1000, which cuts many texts
    otherwise than the model learned them. Where the reference fails, the merges are their scores."""
    pieces = fallback_pieces(need_tokenizer(model))
    if is_of_version_5(model.json("tokenizer_config.json") or {}):
        scores = merge_scores(model.json("tokenizer.json") or {})
        pieces.scores = [scores.get(text, ADDED_SCORE) for text in pieces.tokens]
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
