"""Llama and the models built like it: Mistral, Mixtral, SmolLM, SmolLM 3, Arcee, Yi and many others by the same class
(conversion/llama.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Family, Names, Permuted
from ..keys import Keys
from ..pooling import write_pooling
from ..vocab.llama import write_llama_vocabulary


class Llama(Family):
    title = "Llama, Mistral, Mixtral, Yi, SmolLM"
    proof = "golden"
    classes: ClassVar[Names] = (
        "LlamaForCausalLM",
        "LLaMAForCausalLM",
        "MistralForCausalLM",
        "MixtralForCausalLM",
        "IQuestCoderForCausalLM",
        "LlamaModel",
    )
    text_only: ClassVar[Names] = (
        "LlavaForConditionalGeneration",
        "VLlama3ForCausalLM",
        "VoxtralForConditionalGeneration",
    )
    arch = "llama"
    permuted: ClassVar[Permuted] = (("q_proj", "heads"), ("k_proj", "key_heads"))
    experts: ClassVar[Names] = ("w1", "w2", "w3")
    expert_path: ClassVar[str] = "block_sparse_moe.experts"
    scales_like_llama3: ClassVar[bool] = True

    def rename(self, name: str) -> str | None:
        renamed = super().rename(name.replace("text_model.", ""))
        if renamed is not None and self.model.architecture == "LlamaModel":
            return f"model.{renamed}"
        return renamed

    def expert_name(self, block: int, kind: str) -> str:
        return f"layers.{block}.feed_forward.experts.{kind}.weight"

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_vocab_size(self.config["vocab_size"])
        keys.add_rope_dimension_count(self.config.head_size)

    def write_vocabulary(self, keys: Keys) -> None:
        write_llama_vocabulary(self.model, keys)


class SmolLm3(Llama):
    title = "SmolLM 3"
    proof = "reference"
    classes: ClassVar[Names] = ("SmolLM3ForCausalLM",)
    text_only: ClassVar[Names] = ()
    arch = "smollm3"


class Arcee(Llama):
    title = "Arcee AFM"
    proof = "reference"
    classes: ClassVar[Names] = ("ArceeForCausalLM",)
    text_only: ClassVar[Names] = ()
    arch = "arcee"


class LlamaEmbed(Llama):
    """Sees both sides of every word. The reference leaves out how one vector is made of a text; without it llama.cpp
    makes none."""

    title = "Llama Embed Nemotron"
    proof = "reference"
    classes: ClassVar[Names] = ("LlamaBidirectionalModel",)
    text_only: ClassVar[Names] = ()
    arch = "llama-embed"

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        write_pooling(self.model, keys)


FAMILIES = (Llama, SmolLm3, Arcee, LlamaEmbed)
