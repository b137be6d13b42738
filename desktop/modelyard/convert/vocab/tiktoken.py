"""Byte-level vocabularies as lists of merged bytes: tiktoken.model, hy.tiktoken, qwen.tiktoken (conversion/deepseek.py,
conversion/kimi_linear.py, conversion/hunyuan.py, conversion/base.py _set_vocab_qwen): the merges are worked out, the
special tokens follow by number."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from heapq import heappop, heappush

import gguf

from ...errors import Code, ModelyardError
from ..config import bounded
from ..keys import Keys
from ..model import Model
from .special import SpecialTokens
from .tekken import byte_letters

FILE, _HUNYUAN_FILE, _QWEN_FILE = "tiktoken.model", "hy.tiktoken", "qwen.tiktoken"
_MOST_TOKENS, _LONGEST = 1 << 20, 1024  # bytes of a token
_RESERVED = 256  # special tokens behind the others, by Moonshot's own program
_HUNYUAN = ("endoftext", "startoftext", "bos", "eos", "pad", *(f"extra_{number}" for number in range(205)))
_QWEN = ("endoftext", "im_start", "im_end", *(f"extra_{number}" for number in range(205)))
_QWEN_PICTURES = ("ref", "/ref", "box", "/box", "quad", "/quad", "img", "/img", "imgpad")


def has_tiktoken(model: Model) -> bool:
    """It is the vocabulary there is."""
    return FILE in model.files and "tokenizer.json" not in model.files


def has_hunyuan(model: Model) -> bool:
    return _HUNYUAN_FILE in model.files


def write_kimi(model: Model, keys: Keys) -> dict[str, int]:
    """Kimi's vocabulary. The numbers of its special tokens. Raises TOKENIZER_INVALID."""
    ranks = _read(model.files.read(FILE) or b"", FILE)
    settings = model.json("tokenizer_config.json") or {}
    named = {int(number): str(token["content"]) for number, token in settings.get("added_tokens_decoder", {}).items()}
    numbers = range(len(ranks), len(ranks) + _RESERVED)
    special = {named.get(number, f"<|reserved_token_{number}|>"): number for number in numbers}
    _write(model, keys, ranks, special, "kimi-k2")
    return special


def write_hunyuan(model: Model, keys: Keys) -> None:
    """Hunyuan-A13B's vocabulary; its configuration names another token for BOS. Raises TOKENIZER_INVALID."""
    ranks = _read(model.files.read(_HUNYUAN_FILE) or b"", _HUNYUAN_FILE)
    special = {f"<|{name}|>": len(ranks) + at for at, name in enumerate(_HUNYUAN)}
    _write(model, keys, ranks, special, "hunyuan")
    keys.add_bos_token_id(special["<|bos|>"])


def has_qwen(model: Model) -> bool:
    return _QWEN_FILE in model.files


def write_qwen(model: Model, keys: Keys, *, pictures: bool) -> None:
    """The first Qwen's vocabulary. pictures: with Qwen-VL's tokens. Raises TOKENIZER_INVALID."""
    ranks = _read(model.files.read(_QWEN_FILE) or b"", _QWEN_FILE)
    names = [f"<|{name}|>" for name in _QWEN] + [f"<{name}>" for name in _QWEN_PICTURES if pictures]
    end = len(ranks)
    tokens = SpecialTokens(model)
    for kind in ("unk",) if tokens.ids else ("bos", "eos", "unk"):
        tokens.set(kind, end)
    _write(model, keys, ranks, {name: end + at for at, name in enumerate(names)}, "qwen2", tokens)


def _write(
    model: Model,
    keys: Keys,
    ranks: dict[bytes, int],
    special: Mapping[str, int],
    pre: str,
    named: SpecialTokens | None = None,
) -> None:
    size = bounded("vocab_size", model.config["vocab_size"])
    tokens = [f"[PAD{number}]" for number in range(size)]
    kinds = [gguf.TokenType.UNUSED] * size
    plain = ((byte_letters(token), rank, gguf.TokenType.NORMAL) for token, rank in ranks.items())
    for text, number, kind in [*plain, *((text, at, gguf.TokenType.CONTROL) for text, at in special.items())]:
        if number < size:
            tokens[number], kinds[number] = text, kind
    keys.add_tokenizer_model("gpt2")
    keys.add_tokenizer_pre(pre)
    keys.add_token_list(tokens)
    keys.add_token_types(kinds)
    keys.add_token_merges([" ".join(map(byte_letters, pair)) for pair in _merges(ranks)])
    (named or SpecialTokens(model)).write(keys)


def _read(data: bytes, name: str) -> dict[bytes, int]:
    try:
        lines = [line.split() for line in data.splitlines() if line.strip()]
        ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    except (ValueError, binascii.Error) as error:
        raise _invalid(name, str(error)[:200]) from error
    if not 0 < len(ranks) <= _MOST_TOKENS or max(map(len, ranks)) > _LONGEST or min(map(len, ranks)) < 1:
        raise _invalid(name, f"{len(ranks)} tokens, or one that is too long")
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
    """The token's bytes, merged by tokens before `below`, the first of them first. A queue of pairs: a file may be made
    so that trying all pairs after every merge takes an hour."""
    length = len(token)
    ends, before = list(range(1, length + 1)), list(range(-1, length - 1))  # of the part that begins there
    queue: list[tuple[int, int]] = []

    def consider(at: int) -> None:
        if at >= 0 and ends[at] < length:
            rank = ranks.get(token[at : ends[ends[at]]], below)
            if rank < below:
                heappush(queue, (rank, at))

    for at in range(length - 1):
        consider(at)
    while queue:
        rank, at = heappop(queue)
        middle = ends[at]
        if not 0 < middle < length or ranks.get(token[at : ends[middle]]) != rank:
            continue  # merged otherwise since
        ends[at], ends[middle] = ends[middle], 0
        if ends[at] < length:
            before[ends[at]] = at
        consider(at)
        consider(before[at])
    return [token[at:end] for at, end in enumerate(ends) if end]


def _invalid(name: str, detail: str) -> ModelyardError:
    return ModelyardError(Code.TOKENIZER_INVALID, name=name, detail=detail)
