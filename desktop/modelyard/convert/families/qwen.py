"""Qwen 2, 2.5 and 3, dense and with experts, and models built like them (conversion/qwen.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Family, Named, Names, Rows
from ..keys import Keys
from ..lazy import Lazy
from ..pooling import write_pooling
from ..vocab.bpe import write_bpe
from ..vocab.spm import has_spm, write_spm


class Qwen2(Family):
    title = "Qwen 2, 2.5"
    proof = "golden"
    classes: ClassVar[Names] = ("Qwen2ForCausalLM", "Qwen2Model", "KORMoForCausalLM", "DotsOCRForCausalLM")
    text_only: ClassVar[Names] = ("Qwen2AudioForConditionalGeneration", "AudioFlamingo3ForConditionalGeneration")
    arch = "qwen2"

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if self.model.architecture == "Qwen2Model":
            name = f"model.{name}"
        yield from super().change(name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        write_pooling(self.model, keys)

    def write_vocabulary(self, keys: Keys) -> None:
        if has_spm(self.model):
            write_spm(self.model, keys)
        else:
            write_bpe(self.model, keys)


class Qwen3(Qwen2):
    title = "Qwen 3"
    proof = "golden"
    classes: ClassVar[Names] = ("Qwen3ForCausalLM", "Qwen3Model")
    text_only: ClassVar[Names] = ()
    arch = "qwen3"


class Qwen2Vl(Qwen2):
    """The text model; its encoder is in projectors/qwen_vl.py."""

    title = "Qwen 2-VL, 2.5-VL"
    proof = "reference"
    classes: ClassVar[Names] = ("Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration", "Qwen2VLModel")
    text_only: ClassVar[Names] = ("Qwen2_5OmniModel",)
    arch = "qwen2vl"

    def rename(self, name: str) -> str | None:
        return super().rename(name.replace("thinker.", ""))

    def write_parameters(self, keys: Keys) -> None:
        Family.write_parameters(self, keys)


class Qwen2Moe(Family):
    title = "Qwen 1.5/2 MoE"
    proof = "golden"
    classes: ClassVar[Names] = ("Qwen2MoeForCausalLM",)
    arch = "qwen2moe"
    extra: ClassVar[Rows] = (
        ("expert_feed_forward_length", ("moe_intermediate_size",)),
        ("expert_shared_feed_forward_length", ("shared_expert_intermediate_size",)),
    )


class Qwen3Moe(Qwen2Moe):
    title = "Qwen 3 MoE"
    proof = "golden"
    classes: ClassVar[Names] = ("Qwen3MoeForCausalLM",)
    arch = "qwen3moe"


FAMILIES = (Qwen2, Qwen3, Qwen2Vl, Qwen2Moe, Qwen3Moe)
