"""DeepSeek-OCR and Unlimited-OCR: DeepSeek V2 without latent attention (conversion/deepseek.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Named, Names
from ..keys import Keys
from ..model import Model
from .deepseek import DeepSeek2

_TEMPLATE = "{% for m in messages %}{{m['content']}}{% endfor %}"


class DeepSeekOcr(DeepSeek2):
    """The text model; its encoder is in projectors/deepseek_ocr.py."""

    title = "DeepSeek-OCR, Unlimited-OCR"
    proof = "reference"
    classes: ClassVar[Names] = ("DeepseekOCRForCausalLM", "DeepseekOCR2ForCausalLM", "UnlimitedOCRForCausalLM")
    text_only: ClassVar[Names] = ()
    arch = "deepseek2-ocr"

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.config = model.config  # its keys have heads of their own

    def rename(self, name: str) -> str | None:
        return None if "sam_model" in name or "qwen2_model" in name else super().rename(name)

    def extra_tensors(self, keys: Keys) -> Named:
        """None; but the template comes before all other keys. One of the folder's own takes its place."""
        keys.add_chat_template(_TEMPLATE)
        yield from super().extra_tensors(keys)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        if window := (self.config.get("sliding_window_size") or self.config.get("sliding_window")):
            keys.add_sliding_window(window)

    def write_latent(self, keys: Keys) -> None:
        """It has none."""


FAMILIES = (DeepSeekOcr,)
