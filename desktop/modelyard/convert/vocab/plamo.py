"""PLaMo's own vocabulary, a token a line with its score (conversion/base.py _set_vocab_plamo)."""

from __future__ import annotations

import json
from typing import Any

import gguf

from ...errors import Code, ModelyardError
from ..config import bounded
from ..keys import Keys
from ..model import Model
from .bpe import base_model
from .spm import ADDED_SCORE, Pieces, write_pieces

FILE = "tokenizer.jsonl"
_MOST_TOKENS = 1 << 20
_TURN_ENDS = 4  # <|plamo:op|>
_Type = gguf.TokenType
_KINDS = {"UNKNOWN": _Type.UNKNOWN, "CONTROL": _Type.CONTROL, "BYTE": _Type.BYTE}


def write_plamo(model: Model, keys: Keys) -> None:
    """Raises TOKENIZER_MISSING, TOKENIZER_INVALID."""
    data = model.files.read(FILE)
    if data is None:
        raise ModelyardError(Code.TOKENIZER_MISSING, name=FILE, base_model=base_model(model))
    try:
        pieces = _read(data)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise _invalid(f"{type(error).__name__}: {error}"[:200]) from error
    plain = len(pieces.tokens)
    padding = max(0, bounded("vocab_size", model.config["vocab_size"]) - plain)
    pieces.tokens += [f"[PAD{number}]" for number in range(1, padding + 1)]
    pieces.scores += [ADDED_SCORE] * padding
    pieces.kinds += [int(_Type.UNUSED)] * padding
    write_pieces(pieces, keys, model_name="plamo2")
    _write_special(model.json("tokenizer_config.json") or {}, pieces.tokens, keys)


def _read(data: bytes) -> Pieces:
    lines = [line for line in data.splitlines() if line.strip()]
    if not _TURN_ENDS < len(lines) <= _MOST_TOKENS:
        raise ValueError(f"{len(lines)} tokens")
    pieces = Pieces([], [], [])
    for line in lines:
        text, score, *rest = json.loads(line)
        kind = _KINDS.get(rest[0] if rest else "NORMAL", _Type.NORMAL)
        if kind is _Type.NORMAL and text.startswith("<|plamo:") and text.endswith("|>"):
            kind = _Type.CONTROL
        pieces.tokens.append(str(text))
        pieces.scores.append(float(score))
        pieces.kinds.append(int(kind))
    return pieces


def _write_special(settings: dict[str, Any], tokens: list[str], keys: Keys) -> None:
    for kind in ("bos", "eos", "pad", "sep", "unk"):
        text = settings.get(f"{kind}_token")
        if text is None:
            continue
        if text not in tokens:
            raise _invalid(f"{kind}_token {str(text)[:80]}")
        getattr(keys, f"add_{kind}_token_id")(tokens.index(text))
    keys.add_eot_token_id(_TURN_ENDS)
    keys.add_add_space_prefix(False)
    for kind in ("bos", "eos"):
        if (wanted := settings.get(f"add_{kind}_token")) is not None:
            getattr(keys, f"add_add_{kind}_token")(wanted)


def _invalid(detail: str) -> ModelyardError:
    return ModelyardError(Code.TOKENIZER_INVALID, name=FILE, detail=detail)
