"""Gemma 1, 2 and 3, text (conversion/gemma.py). Norms are stored around zero; the embedding is the output."""

from __future__ import annotations

from typing import ClassVar

from .. import lazy
from ..family import Family, Named, Names, Rows
from ..keys import Keys
from ..lazy import Lazy
from ..pooling import write_pooling
from ..rope import global_rope
from ..vocab.bpe import write_bpe
from ..vocab.special import SpecialTokens
from ..vocab.spm import has_pieces, read_pieces, write_spm

_CODE_GEMMA = {"prefix": 67, "suffix": 69, "middle": 68, "fsep": 70, "eot": 107}
_KEYS: Rows = (
    ("feed_forward_length", ("intermediate_size",)),
    ("head_count", ("num_attention_heads",)),
    ("head_count_kv", ("num_key_value_heads", "num_attention_heads")),
    ("layer_norm_rms_eps", ("rms_norm_eps",)),
    ("key_length", ("head_dim",)),
    ("value_length", ("head_dim",)),
)


class Gemma(Family):
    title = "Gemma"
    proof = "golden"
    classes: ClassVar[Names] = ("GemmaForCausalLM",)
    arch = "gemma"
    plus_one: ClassVar[Names] = ("norm.weight",)

    def rename(self, name: str) -> str | None:
        return None if name == "lm_head.weight" else super().rename(name)

    def write_parameters(self, keys: Keys) -> None:
        keys.add_context_length(self.config["max_position_embeddings"])
        keys.add_embedding_length(self.config["hidden_size"])
        keys.add_block_count(self.blocks)
        self.write_rows(_KEYS, keys)
        keys.add_file_type()
        self.write_rows(self.extra, keys)
        self.write_base_of_version_5(keys)

    def write_vocabulary(self, keys: Keys) -> None:
        write_spm(self.model, keys)
        special = SpecialTokens(self.model, types=tuple(_CODE_GEMMA))
        for kind, number in _CODE_GEMMA.items():
            special.set(kind, number)
        special.chat_template = None  # it is written already
        special.write(keys)
        keys.add_add_space_prefix(False)


class Gemma2(Gemma):
    title = "Gemma 2"
    proof = "golden"
    classes: ClassVar[Names] = ("Gemma2ForCausalLM",)
    arch = "gemma2"
    extra: ClassVar[Rows] = (
        ("attn_logit_softcapping", ("attn_logit_softcapping",)),
        ("final_logit_softcapping", ("final_logit_softcapping",)),
        ("sliding_window", ("sliding_window",)),
    )

    def write_vocabulary(self, keys: Keys) -> None:
        write_spm(self.model, keys)
        keys.add_add_space_prefix(False)


class Gemma3(Family):
    title = "Gemma 3"
    proof = "golden"
    classes: ClassVar[Names] = ("Gemma3ForCausalLM", "Gemma3ForConditionalGeneration")
    arch = "gemma3"
    plus_one: ClassVar[Names] = ("norm.weight",)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if "embed_tokens.weight" in name:
            tensor = lazy.sliced(tensor, 0, min(self._token_count(), tensor.shape[0]))
        yield from super().change(name, tensor, block)

    def _token_count(self) -> int:
        """Rows of the embedding beyond the vocabulary are left out."""
        if has_pieces(self.model):
            return int(self.config.get("vocab_size") or len(read_pieces(self.model).tokens))
        tokenizer = self.model.json("tokenizer.json") or {"model": {"vocab": ()}, "added_tokens": ()}
        return len(tokenizer["model"]["vocab"]) + len(tokenizer["added_tokens"])

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_context_length(self.config.get("max_position_embeddings", 131072))
        keys.add_head_count(self.config.get("num_attention_heads", 8))
        keys.add_layer_norm_rms_eps(self.config.get("rms_norm_eps", 1e-6))
        keys.add_key_length(self.config.get("head_dim", 256))
        keys.add_value_length(self.config.get("head_dim", 256))
        keys.add_rope_freq_base(global_rope(self.rope).get("rope_theta", 1_000_000.0))
        if cap := self.config.get("final_logit_softcapping"):
            keys.add_final_logit_softcapping(cap)
        if self.config.get("sliding_window_pattern") != 1:
            keys.add_sliding_window(self.config["sliding_window"])
        keys.add_head_count_kv(self.config.get("num_key_value_heads", 4))

    def write_vocabulary(self, keys: Keys) -> None:
        if has_pieces(self.model):
            write_spm(self.model, keys)
            keys.add_add_space_prefix(False)
        else:
            write_bpe(self.model, keys)


class EmbeddingGemma(Gemma3):
    title = "EmbeddingGemma"
    proof = "reference"
    classes: ClassVar[Names] = ("Gemma3TextModel",)
    arch = "gemma-embedding"

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_sliding_window(self.model.raw["sliding_window"])
        write_pooling(self.model, keys)


FAMILIES = (Gemma, Gemma2, Gemma3, EmbeddingGemma)
