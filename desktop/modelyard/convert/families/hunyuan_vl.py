"""HunyuanOCR and Hunyuan-VL (conversion/hunyuan.py HunyuanVLTextModel)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import gguf

from ..family import Names
from ..keys import Keys
from ..model import Model
from .hunyuan import Hunyuan


class HunyuanVl(Hunyuan):
    """The text model; its encoder is in projectors/hunyuan_vl.py."""

    title = "HunyuanOCR, Hunyuan-VL"
    classes: ClassVar[Names] = ("HunYuanVLForConditionalGeneration",)
    arch = "hunyuan_vl"

    def __init__(self, model: Model) -> None:
        """transformers 5 calls its rotary positions of four dimensions "dynamic"."""
        super().__init__(model)
        if self.rope.get("rope_type") == "dynamic" and "mrope_section" in self.rope:
            self.rope |= {"rope_type": "xdrope", "type": "xdrope", "xdrope_section": self.rope["mrope_section"]}

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        if self.rope.get("rope_type") != "xdrope":
            return
        length = int(self.config["max_position_embeddings"])
        keys.add_rope_freq_base(float(self.rope["rope_theta"]))
        keys.add_rope_scaling_alpha(float(self.rope["alpha"]))
        keys.add_rope_scaling_type(gguf.RopeScalingType.NONE)
        keys.add_rope_scaling_factor(float(self.rope.get("factor", 1)))
        keys.add_rope_scaling_orig_ctx_len(length)
        keys.add_context_length(length)
        keys.add_rope_dimension_sections(list(self.rope["xdrope_section"]))

    def write_vocabulary(self, keys: Keys) -> None:
        """transformers 5 has moved the end into the text model's part."""
        super().write_vocabulary(keys)
        text = self.model.raw.get("text_config")
        if isinstance(text, Mapping) and (end := text.get("eod_token_id")) is not None:
            keys.add_eos_token_id(end)


FAMILIES = (HunyuanVl,)
