"""Meta's Chameleon, the text (conversion/chameleon.py)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from .. import lazy
from ..family import Family, Named, Names, Permuted
from ..keys import Keys
from ..lazy import Lazy


class Chameleon(Family):
    title = "Chameleon"
    proof = "reference"
    classes: ClassVar[Names] = ()
    text_only: ClassVar[Names] = ("ChameleonForConditionalGeneration", "ChameleonForCausalLM")
    arch = "chameleon"
    permuted: ClassVar[Permuted] = (("q_proj", "heads"), ("k_proj", "key_heads"))

    def rename(self, name: str) -> str | None:
        return None if name.startswith("model.vqmodel") else super().rename(name)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if name.endswith(("q_norm.weight", "q_norm.bias", "k_norm.weight", "k_norm.bias")):
            tensor = _of_the_first_head(tensor)
        yield from super().change(name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_swin_norm(self.config.get("swin_norm", False))


def _of_the_first_head(tensor: Lazy) -> Lazy:
    """[heads, size]: all heads have the same norm, in transformers' rotary order (halves); ggml's is pairs."""
    heads, size = tensor.shape
    pairs = np.arange(size).reshape(2, size // 2).T.reshape(-1)
    return lazy.columns(lazy.gathered(tensor, np.zeros(heads, np.int64)), pairs)


FAMILIES = (Chameleon,)
