"""DeepSeek V3.2 and GLM-5: latent attention that looks only where an indexer tells (conversion/deepseek.py,
conversion/glm.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Names
from ..keys import Keys
from ..vocab.bpe import write_bpe
from ..vocab.glm import write_glm
from .deepseek import DeepSeek2


class DeepSeek32(DeepSeek2):
    title = "DeepSeek V3.2"
    proof = "reference"
    classes: ClassVar[Names] = ("DeepseekV32ForCausalLM",)
    text_only: ClassVar[Names] = ()
    arch = "deepseek32"
    keeps_ahead: ClassVar[bool] = True
    scores: ClassVar[str] = "sigmoid"

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        self._write_rotated(keys)
        config = self.config
        if (ahead := config.get("num_nextn_predict_layers")) is not None:
            keys.add_nextn_predict_layers(ahead)
        keys.add_indexer_head_count(config["index_n_heads"])
        keys.add_indexer_key_length(config["index_head_dim"])
        keys.add_indexer_top_k(config["index_topk"])

    def _write_rotated(self, keys: Keys) -> None:
        """All that rotates is written."""

    def write_vocabulary(self, keys: Keys) -> None:
        write_bpe(self.model, keys)


class GlmDsa(DeepSeek32):
    title = "GLM-5"
    classes: ClassVar[Names] = ("GlmMoeDsaForCausalLM",)
    arch = "glm-dsa"

    def _write_rotated(self, keys: Keys) -> None:
        share = self.rope.get("partial_rotary_factor", 1.0)
        keys.add_rope_dimension_count(int(self.config["qk_rope_head_dim"] * share))

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        if (types := self.config.get("indexer_types")) is not None:
            keys.add_indexer_types([kind == "full" for kind in types])

    def write_vocabulary(self, keys: Keys) -> None:
        write_glm(self.model, keys)


FAMILIES = (DeepSeek32, GlmDsa)
