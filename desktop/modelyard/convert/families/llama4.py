"""Llama 4, the text model (conversion/llama.py Llama4Model)."""

from __future__ import annotations

from typing import ClassVar

from .. import lazy
from ..config import Config
from ..family import Named, Names, Permuted
from ..keys import Keys
from ..lazy import Lazy
from ..vocab.bpe import write_bpe
from .llama import Llama


class Llama4(Llama):
    title = "Llama 4"
    proof = "reference"
    classes: ClassVar[Names] = ("Llama4ForCausalLM",)
    text_only: ClassVar[Names] = ("Llama4ForConditionalGeneration",)
    arch = "llama4"
    permuted: ClassVar[Permuted] = ()
    experts: ClassVar[Names] = ("down_proj", "gate_proj", "up_proj")
    expert_path: ClassVar[str] = "feed_forward.experts"

    def prepare(self, config: Config) -> Config:
        """intermediate_size is that of an expert; of the dense layers it is intermediate_size_mlp."""
        expert, dense = config["intermediate_size"], config["intermediate_size_mlp"]
        return config.with_values(intermediate_size=dense, intermediate_size_moe=expert)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """The experts of a layer lie in one tensor, transposed, gate and up together; llm-compressor takes them apart,
        which the reference does not read."""
        if "gate_up_proj" in name:
            rows = lazy.transposed(tensor)
            half = tensor.shape[-1] // 2
            yield name.replace("gate_up_proj", "gate_proj.weight"), _part(rows, 0, half)
            yield name.replace("gate_up_proj", "up_proj.weight"), _part(rows, half, 2 * half)
        elif name.endswith("down_proj"):
            yield f"{name}.weight", lazy.transposed(tensor)
        elif block is not None and f".{self.expert_path}." in name:
            yield from self.stack_experts(name, tensor, block)
        else:
            yield name, tensor

    def expert_name(self, block: int, kind: str) -> str:
        return f"model.layers.{block}.{self.expert_path}.{kind}.weight"

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_interleave_moe_layer_step(self.config["interleave_moe_layer_step"])
        keys.add_expert_feed_forward_length(self.config["intermediate_size_moe"])
        types = self.config.get("layer_types")
        if types is not None and all(kind == "full_attention" for kind in types):
            keys.add_sliding_window(0)

    def write_vocabulary(self, keys: Keys) -> None:
        write_bpe(self.model, keys)


def _part(rows: Lazy, start: int, stop: int) -> Lazy:
    return lazy.middle_sliced(rows, start, stop) if len(rows.shape) == 3 else lazy.sliced(rows, start, stop)


FAMILIES = (Llama4,)
