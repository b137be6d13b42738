"""Qwen3-VL, the text model, dense and with experts (conversion/qwen3vl.py)."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from .. import lazy
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from .qwen import Qwen3, Qwen3Moe


def _write_picture_layers(family: Family, keys: Keys) -> None:
    """How many layers the encoder feeds: none of them in the text alone, but llama.cpp wants the number."""
    vision = family.config.get("vision_config") or {}
    keys.add_num_deepstack_layers(len(vision.get("deepstack_visual_indexes", [])))


class Qwen3Vl(Qwen3):
    title = "Qwen 3-VL"
    proof = "reference"
    classes: ClassVar[Names] = ()
    text_only: ClassVar[Names] = ("Qwen3VLForConditionalGeneration",)
    arch = "qwen3vl"

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        _write_picture_layers(self, keys)


class Qwen3VlMoe(Qwen3Moe):
    """Its packed experts are stored transposed, but not by transformers 5 (the reference does not see that)."""

    title = "Qwen 3-VL MoE"
    proof = "reference"
    classes: ClassVar[Names] = ()
    text_only: ClassVar[Names] = ("Qwen3VLMoeForConditionalGeneration",)
    arch = "qwen3vlmoe"

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        packed = name.removesuffix(".weight").endswith(("mlp.experts.down_proj", "mlp.experts.gate_up_proj"))
        yield from super().change(name, lazy.transposed(tensor) if packed and self._transposed else tensor, block)

    @cached_property
    def _transposed(self) -> bool:
        """Unless the rows of gate and up can only be their outputs."""
        stored = self.model.tensors.items()
        shapes = (each.shape for name, each in stored if name.removesuffix(".weight").endswith(".gate_up_proj"))
        return all(shape[-2] == self.config["hidden_size"] for shape in shapes)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        _write_picture_layers(self, keys)


class Qwen3OmniMoe(Qwen3VlMoe):
    """What it thinks with; what it speaks with is left out. Its tokens are not those its settings name."""

    title = "Qwen 3-Omni"
    text_only: ClassVar[Names] = ("Qwen3OmniMoeForConditionalGeneration",)

    def rename(self, name: str) -> str | None:
        return super().rename(name.replace("thinker.", ""))

    def write_vocabulary(self, keys: Keys) -> None:
        super().write_vocabulary(keys)
        settings = self.model.json("tokenizer_config.json") or {}
        for number, token in settings.get("added_tokens_decoder", {}).items():
            if token.get("content") == "<|im_end|>":
                keys.add_bos_token_id(int(number))
                keys.add_eos_token_id(int(number))
                break


FAMILIES = (Qwen3Vl, Qwen3VlMoe, Qwen3OmniMoe)
