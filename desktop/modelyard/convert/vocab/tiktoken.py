"""Byte-level vocabularies as lists of merged bytes, tiktoken.model (conversion/deepseek.py, conversion/kimi_linear.py):
the merges are worked out, the special tokens follow by number."""

from __future__ import annotations

import base64
import binascii
from itertools import pairwise

import gguf

from ...errors import Code, ModelyardError
from ..config import bounded
from ..keys import Keys
from ..model import Model
from .special import SpecialTokens
from .tekken import byte_letters

FILE = "tiktoken.model"
_MOST_TOKENS, _LONGEST = 1 << 20, 1024  # bytes of a token
_RESERVED = 256  # special tokens behind the others, by Moonshot's own program


def has_tiktoken(model: Model) -> bool:
    """It is the vocabulary there is."""
    return FILE in model.files and "tokenizer.json" not in model.files


def write_kimi(model: Model, keys: Keys) -> dict[str, int]:
    """Kimi's vocabulary. The numbers of its special tokens. Raises TOKENIZER_INVALID."""
    ranks = _read(model.files.read(FILE) or b"")
    size = bounded("vocab_size", model.config["vocab_size"])
    settings = model.json("tokenizer_config.json") or {}
    named = {int(number): str(token["content"]) for number, token in settings.get("added_tokens_decoder", {}).items()}
    numbers = range(len(ranks), len(ranks) + _RESERVED)
    special = {named.get(number, f"<|reserved_token_{number}|>"): number for number in numbers}
    tokens = [f"[PAD{number}]" for number in range(size)]
    kinds = [gguf.TokenType.UNUSED] * size
    plain = ((byte_letters(token), rank, gguf.TokenType.NORMAL) for token, rank in ranks.items())
    for text, number, kind in [*plain, *((text, at, gguf.TokenType.CONTROL) for text, at in special.items())]:
        if number < size:
            tokens[number], kinds[number] = text, kind
    keys.add_tokenizer_model("gpt2")
    keys.add_tokenizer_pre("kimi-k2")
    keys.add_token_list(tokens)
    keys.add_token_types(kinds)
    keys.add_token_merges([" ".join(map(byte_letters, pair)) for pair in _merges(ranks)])
    SpecialTokens(model).write(keys)
    return special


def _read(data: bytes) -> dict[bytes, int]:
    try:
        lines = [line.split() for line in data.splitlines() if line.strip()]
        ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    except (ValueError, binascii.Error) as error:
        raise _invalid(str(error)[:200]) from error
    if not 0 < len(ranks) <= _MOST_TOKENS or max(map(len, ranks)) > _LONGEST or min(map(len, ranks)) < 1:
        raise _invalid(f"{len(ranks)} tokens, or one that is too long")
    return ranks


def _merges(ranks: dict[bytes, int]) -> list[tuple[bytes, bytes]]:
    """The two tokens each token is merged from, where there are two."""
    found: list[tuple[bytes, bytes]] = []
    for token, rank in ranks.items():
        parts = _parts(ranks, token, rank) if len(token) > 1 else []
        if len(parts) == 2:
            found.append((parts[0], parts[1]))
    return found


def _parts(ranks: dict[bytes, int], token: bytes, below: int) -> list[bytes]:
    """The token's bytes, merged by tokens before `below`, the first of them first."""
    parts = [bytes([byte]) for byte in token]
    while len(parts) > 1:
        rank, at = min((ranks.get(left + right, below), at) for at, (left, right) in enumerate(pairwise(parts)))
        if rank >= below:
            break
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts


def _invalid(detail: str) -> ModelyardError:
    return ModelyardError(Code.TOKENIZER_INVALID, name=FILE, detail=detail)
