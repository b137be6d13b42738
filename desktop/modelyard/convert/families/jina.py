"""Jina's embedding models of the second generation: BERT with ALiBi and gated layers (conversion/bert.py
JinaBertV2Model)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Names
from ..keys import Keys
from ..vocab.bpe import read_vocabulary, write_bpe
from ..vocab.special import SpecialTokens
from .bert import Bert


class JinaBert(Bert):
    title = "Jina Embeddings 2"
    proof = "reference"
    classes: ClassVar[Names] = ("JinaBertModel", "JinaBertForMaskedLM")
    arch = "jina-bert-v2"

    def write_vocabulary(self, keys: Keys) -> None:
        settings = self.model.json("tokenizer_config.json") or {}
        kind = settings.get("tokenizer_class", "BertTokenizer")
        if kind == "BertTokenizer":
            super().write_vocabulary(keys)
            return
        if kind != "RobertaTokenizer":
            raise ValueError(f"tokenizer_class {str(kind)[:40]}")
        tokenizer = self.model.json("tokenizer.json") or {}
        if (tokenizer.get("pre_tokenizer") or {}).get("type") == "Whitespace":
            self._write_words(keys)
        else:
            write_bpe(self.model, keys)
        keys.add_token_type_count(2)

    def _write_words(self, keys: Keys) -> None:
        """Split at white space only (conversion/base.py _set_vocab_whitespace)."""
        vocabulary = read_vocabulary(self.model, keys.arch)
        keys.add_tokenizer_model("whitespace")
        keys.add_tokenizer_pre("whitespace")
        keys.add_token_list(vocabulary.tokens)
        keys.add_token_types(vocabulary.kinds)
        SpecialTokens(self.model, merges=True).write(keys)


FAMILIES = (JinaBert,)
