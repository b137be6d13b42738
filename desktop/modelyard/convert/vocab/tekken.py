"""Mistral's own form of a byte-level vocabulary, tekken.json (conversion/base.py _set_vocab_mistral and gguf-py's
MistralVocab, which go through the package mistral-common)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import gguf

from ...errors import Code, ModelyardError
from ..keys import Keys
from ..model import Model

FILE = "tekken.json"
_MOST_TOKENS = 1 << 20
_LONGEST = 1024  # bytes of a token
_OLD_SPECIAL = (
    "<unk> <s> </s> [INST] [/INST] [AVAILABLE_TOOLS] [/AVAILABLE_TOOLS] [TOOL_RESULTS] [/TOOL_RESULTS] [TOOL_CALLS] "
    "[IMG] <pad> [IMG_BREAK] [IMG_END] [PREFIX] [MIDDLE] [SUFFIX] [SYSTEM_PROMPT] [/SYSTEM_PROMPT] [TOOL_CONTENT]"
)  # of files up to version 7, which need not list them

# By version of the vocabulary: a template llama.cpp knows by this name, or a file beside this one.
_TEMPLATES = {
    "v3": "mistral-v3-tekken",
    "v7": "mistral-v7-tekken",
    "v11": "mistral_v11.jinja",
    "v13": "mistral_v13.jinja",
}

_HIDDEN = [byte for byte in range(256) if byte not in {*range(33, 127), *range(161, 173), *range(174, 256)}]
_LETTERS = {byte: chr(256 + number) for number, byte in enumerate(_HIDDEN)}  # GPT-2's, of bytes that cannot be seen


@dataclass(frozen=True)
class Tekken:
    """special: names of the first tokens. ranks: the bytes of all others, numbered from 0 in the order of merging."""

    version: str
    special: tuple[str, ...]
    ranks: Mapping[bytes, int]

    @property
    def size(self) -> int:
        return len(self.special) + len(self.ranks)

    def merges(self) -> Iterator[tuple[bytes, bytes]]:
        """Every pair of tokens that makes a third one, in the order of the third."""
        ranks = self.ranks
        for token, rank in ranks.items():
            if rank < 256:
                continue
            pairs = ((token[:at], token[at:]) for at in range(1, len(token)))
            found = [
                (ranks[left], ranks[right], left, right) for left, right in pairs if left in ranks and right in ranks
            ]
            if not found:
                raise _invalid(f"token {rank} has no parts")
            yield from ((left, right) for _, _, left, right in sorted(found))


def write_tekken(model: Model, keys: Keys) -> None:
    """Raises TOKENIZER_INVALID."""
    try:
        tekken = _read(model.json(FILE) or {})
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise _invalid(f"{type(error).__name__}: {error}"[:200]) from error
    special = {name: number for number, name in enumerate(tekken.special)}
    end = special.get("</s>", 0)
    keys.add_tokenizer_model("gpt2")
    keys.add_tokenizer_pre("tekken")
    keys.add_token_merges([f"{byte_letters(left)} {byte_letters(right)}" for left, right in tekken.merges()])
    keys.add_bos_token_id(special.get("<s>", 0))
    keys.add_eos_token_id(end)
    keys.add_unk_token_id(special.get("<unk>", 0))
    keys.add_pad_token_id(special.get("<pad>", end))
    keys.add_token_list([*tekken.special, *map(byte_letters, tekken.ranks)])
    keys.add_token_scores([0] * tekken.size)
    plain, control = gguf.TokenType.NORMAL, gguf.TokenType.CONTROL
    keys.add_token_types([control] * len(tekken.special) + [plain] * len(tekken.ranks))
    keys.add_vocab_size(tekken.size)
    keys.add_add_bos_token(True)
    keys.add_add_eos_token(False)
    keys.add_chat_template(_template(model, tekken.version))


def _template(model: Model, version: str) -> str | None:
    """The community's, as the reference takes it; of a newer version the folder's own."""
    name = _TEMPLATES.get(version)
    if name is None:
        return model.files.text("chat_template.jinja")
    if not name.endswith(".jinja"):
        return name
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _read(data: Mapping[str, Any]) -> Tekken:
    config = data["config"]
    version, count = str(config["version"]), int(config["default_num_special_tokens"])
    plain = int(config["default_vocab_size"]) - count
    listed = data.get("special_tokens")
    named = _OLD_SPECIAL.split() if listed is None else [str(token["token_str"]) for token in listed]
    entries = data["vocab"][:plain]
    if not 256 <= plain <= _MOST_TOKENS or len(entries) < plain or not len(named) <= count <= _MOST_TOKENS:
        raise ValueError(f"{len(entries)} tokens of {plain}, {len(named)} special ones of {count}")
    special = [*named, *(f"<SPECIAL_{number}>" for number in range(len(named), count))]
    ranks = {base64.b64decode(entry["token_bytes"]): number for number, entry in enumerate(entries)}
    if len(ranks) != plain or len(set(special)) != count or max(map(len, ranks)) > _LONGEST:
        raise ValueError("the same token twice, or one that is too long")
    if any(ranks.get(bytes([byte])) != byte for byte in range(256)):
        raise ValueError("the first 256 tokens are not the bytes")
    return Tekken(version, tuple(special), ranks)


def byte_letters(token: bytes) -> str:
    """A token as GPT-2's vocabularies write it."""
    return token.decode("latin-1").translate(_LETTERS)


def _invalid(detail: str) -> ModelyardError:
    return ModelyardError(Code.TOKENIZER_INVALID, name=FILE, detail=detail)
