"""GLM's vocabulary: byte-level BPE whose special tokens are known by their text."""

from __future__ import annotations

from collections.abc import Mapping

from ..keys import Keys
from ..model import Model
from .bpe import read_vocabulary, write_tokens
from .special import SpecialTokens


def write_bpe_with(model: Model, keys: Keys, named: Mapping[str, str]) -> None:
    """`named`: token type → text of the added token to use where the files name none."""
    vocabulary = read_vocabulary(model, keys.arch)
    write_tokens(vocabulary, keys)
    special = SpecialTokens(model, merges=True)
    numbers = {token.content: number for number, token in vocabulary.tokenizer.added.items()}
    for kind, text in named.items():
        special.set(kind, numbers.get(text))
    special.write(keys)


def write_glm(model: Model, keys: Keys) -> None:
    """The vocabulary of GLM-4.5 and later."""
    end = "<|endoftext|>"
    write_bpe_with(model, keys, {"bos": "[gMASK]", "eot": "<|user|>", "unk": end, "eom": "<|observation|>"})
