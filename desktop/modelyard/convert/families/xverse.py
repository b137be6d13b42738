"""XVERSE (conversion/xverse.py)."""

from __future__ import annotations

import re
from typing import ClassVar

import gguf

from ...errors import Code, ModelyardError
from ..config import bounded
from ..family import Family, Names, Permuted
from ..keys import Keys
from ..vocab.bpe import need_tokenizer
from ..vocab.hf_tokenizer import HfTokenizer
from ..vocab.special import SpecialTokens

_BYTE = re.compile(r"<0x[0-9A-Fa-f]{2}>")
_ZERO = "<b'\\x00'>"  # how the reference writes the token of a zero byte


class Xverse(Family):
    title = "XVERSE"
    proof = "reference"
    classes: ClassVar[Names] = ("XverseForCausalLM",)
    arch = "xverse"
    permuted: ClassVar[Permuted] = (("q_proj", "heads"), ("k_proj", "key_heads"))

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_tensor_data_layout("Meta AI original pth")
        keys.add_rope_dimension_count(self.config["hidden_size"] // self.config["num_attention_heads"])

    def write_vocabulary(self, keys: Keys) -> None:
        """SentencePiece saved as tokenizer.json; no scores are known. Raises TOKENIZER_MISSING, TOKENIZER_INVALID."""
        tokenizer = need_tokenizer(self.model)
        size = bounded("vocab_size", self.config.get("vocab_size", len(tokenizer.vocabulary)))
        texts = {number: text for text, number in tokenizer.vocabulary.items()}
        missing = next((number for number in range(size) if number not in texts), None)
        if missing is not None or max(texts, default=0) >= size:
            detail = f"{len(texts)} tokens of {size}"
            raise ModelyardError(Code.TOKENIZER_INVALID, name="tokenizer.json", detail=detail)
        keys.add_tokenizer_model("llama")
        keys.add_tokenizer_pre("default")
        keys.add_token_list([_ZERO if texts[number] == "\0" else texts[number] for number in range(size)])
        keys.add_token_types([_kind(tokenizer, number, texts[number]) for number in range(size)])
        SpecialTokens(self.model, limit=size).write(keys)


def _kind(tokenizer: HfTokenizer, number: int, text: str) -> int:
    if text == "\0" or _BYTE.fullmatch(text):
        return int(gguf.TokenType.BYTE)
    added = tokenizer.added.get(number)
    if added is None:
        return int(gguf.TokenType.NORMAL)
    return int(gguf.TokenType.CONTROL if added.special else gguf.TokenType.USER_DEFINED)


FAMILIES = (Xverse,)
