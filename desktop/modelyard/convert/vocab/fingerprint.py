"""Which of llama.cpp's pre-tokenizers a tokenizer is: the SHA-256 of the token ids of one fixed text, looked up in a
table (pretokenizers.toml)."""

from __future__ import annotations

import functools
import hashlib
import tomllib
from collections.abc import Sequence
from importlib import resources

# The text of conversion/base.py get_vocab_base_pre: white space, emoji, digits, scripts, punctuation, contractions.
TEXT = (
    "\n \n\n \n\n\n \t \t\t \t\n  \n   \n    \n     \n"
    "🚀 (normal) 😶\u200d🌫️ (multiple emojis concatenated) ✅ 🦙🦙 "
    "3 33 333 3333 33333 333333 3333333 33333333 3.3 3..3 3...3 កាន់តែពិសេសអាច😁 ?我想在apple工作1314151天～ "
    "------======= нещо на Български ''''''```````\"\"\"\"......!!!!!!?????? "
    "I've been 'told he's there, 'RE you sure? 'M not sure I'll make it, 'D you like some tea? We'Ve a'lL"
)


def fingerprint(ids: Sequence[int]) -> str:
    """`ids`: the token ids of TEXT, special tokens included."""
    return hashlib.sha256(str(list(ids)).encode()).hexdigest()


def pretokenizer(ids: Sequence[int]) -> str | None:
    """The name llama.cpp knows it by, None for one it does not know."""
    return _table().get(fingerprint(ids))


@functools.cache
def _table() -> dict[str, str]:
    text = resources.files(__package__).joinpath("pretokenizers.toml").read_text(encoding="utf-8")
    return {digest: name for name, digests in tomllib.loads(text).items() for digest in digests}
