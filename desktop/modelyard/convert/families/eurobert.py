"""Newer encoders built like Llama: EuroBERT with Jina's fifth generation, and NeoBERT (conversion/bert.py)."""

from __future__ import annotations

from typing import ClassVar

import gguf

from ..family import Family, Names
from ..keys import Keys
from ..pooling import write_pooling
from ..vocab.bpe import write_bpe
from .bert import Bert


class EuroBert(Family):
    title = "EuroBERT, Jina Embeddings 5"
    proof = "reference"
    classes: ClassVar[Names] = ("EuroBertModel", "JinaEmbeddingsV5Model")
    arch = "eurobert"

    def rename(self, name: str) -> str | None:
        return super().rename(name.removeprefix("model."))

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_causal_attention(False)
        keys.add_rope_scaling_type(gguf.RopeScalingType.NONE)
        write_pooling(self.model, keys)

    def write_vocabulary(self, keys: Keys) -> None:
        keys.add_add_bos_token(False)
        write_bpe(self.model, keys)


class NeoBert(Bert):
    title = "NeoBERT"
    proof = "reference"
    classes: ClassVar[Names] = ("NeoBERT", "NeoBERTLMHead", "NeoBERTForSequenceClassification")
    arch = "neo-bert"

    def rename(self, name: str) -> str | None:
        return None if name.startswith("decoder.") else super().rename(name.removeprefix("model."))

    def write_parameters(self, keys: Keys) -> None:
        """Two thirds of the inner size, as SwiGLU has three matrices; the first token is the text's vector."""
        super().write_parameters(keys)
        keys.add_feed_forward_length(int(2 * self.config["intermediate_size"] / 3))
        keys.add_rope_freq_base(10000.0)
        keys.add_rope_scaling_type(gguf.RopeScalingType.NONE)
        keys.add_layer_norm_rms_eps(self.config.get("norm_eps", 1e-6))
        keys.add_pooling_type(gguf.PoolingType.CLS)


FAMILIES = (EuroBert, NeoBert)
