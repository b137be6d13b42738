"""Snowflake's Arctic: a dense layer beside the experts (conversion/arctic.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from ..family import Names
from ..keys import Keys
from ..model import Model
from ..vocab.special import SpecialTokens
from ..vocab.spm import PADDING_SCORE, Pieces, read_base_pieces, write_pieces
from .llama import Llama


class Arctic(Llama):
    title = "Arctic"
    proof = "reference"
    classes: ClassVar[Names] = ("ArcticForCausalLM",)
    text_only: ClassVar[Names] = ()
    arch = "arctic"
    scales_like_llama3: ClassVar[bool] = False

    def write_vocabulary(self, keys: Keys) -> None:
        pieces = read_base_pieces(self.model)
        _replace(self.model, pieces)
        write_pieces(pieces, keys)
        SpecialTokens(self.model, limit=len(pieces.tokens)).write(keys)


def _replace(model: Model, pieces: Pieces) -> None:
    """Two tokens of tokenizer.model got another text, as the beginning and the end."""
    settings = model.json("tokenizer_config.json") or {}
    for key, token in (settings.get("added_tokens_decoder") or {}).items():
        number, text = int(key), str(token["content"])
        if number >= len(pieces.tokens):
            continue
        if token.get("special"):
            unknown = text == settings.get("unk_token")
            pieces.set(number, text, 0.0, gguf.TokenType.UNKNOWN if unknown else gguf.TokenType.CONTROL)
        else:
            pieces.set(number, text, PADDING_SCORE, gguf.TokenType.USER_DEFINED)


FAMILIES = (Arctic,)
