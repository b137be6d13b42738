"""Apple's OpenELM: every layer has its own number of heads and inner size (conversion/openelm.py)."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import lazy
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..vocab.spm import write_spm


class OpenElm(Family):
    """Its repositories hold no vocabulary: it is Llama 2's."""

    title = "OpenELM"
    proof = "reference"
    classes: ClassVar[Names] = ("OpenELMForCausalLM",)
    arch = "openelm"

    def count_blocks(self) -> int:
        return int(self.config["num_transformer_layers"])

    @property
    def _inner(self) -> list[int]:
        return [
            _divisible(factor * self.config["model_dim"], self.config["ffn_dim_divisor"])
            for factor in self._each("ffn_multipliers")
        ]

    def _each(self, key: str) -> list[Any]:
        """A value a layer."""
        values = self.config[key]
        if not isinstance(values, list) or len(values) != self.blocks:
            raise ValueError(f"{key} for {self.blocks} layers")
        return values

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if block is None or name != f"transformer.layers.{block}.ffn.proj_1.weight":
            yield name, tensor
            return
        inner = self._inner[block]
        yield f"blk.{block}.ffn_gate.weight", lazy.sliced(tensor, 0, inner)
        yield f"blk.{block}.ffn_up.weight", lazy.sliced(tensor, inner, tensor.shape[0])

    def write_parameters(self, keys: Keys) -> None:
        size = self.config["head_dim"]
        keys.add_block_count(self.blocks)
        keys.add_context_length(self.config["max_context_length"])
        keys.add_embedding_length(self.config["model_dim"])
        keys.add_feed_forward_length(self._inner)
        keys.add_head_count(self._each("num_query_heads"))
        keys.add_head_count_kv(self._each("num_kv_heads"))
        keys.add_rope_freq_base(self.config["rope_freq_constant"])
        keys.add_layer_norm_rms_eps(1e-6)
        keys.add_rope_dimension_count(int(size))
        keys.add_key_length(size)
        keys.add_value_length(size)
        keys.add_file_type()

    def write_vocabulary(self, keys: Keys) -> None:
        write_spm(self.model, keys)


def _divisible(value: float, step: int) -> int:
    """The nearest multiple of `step`, not more than a tenth below (Apple's configuration_openelm.py)."""
    near = max(step, int(value + step / 2) // step * step)
    return near + step if near < 0.9 * value else near


FAMILIES = (OpenElm,)
