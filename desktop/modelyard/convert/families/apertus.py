"""Swiss AI's Apertus: the learned numbers of its activation become metadata (conversion/llama.py ApertusModel)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...formats.checkpoint_tensor import numpy_name
from ..family import Named, Names, Permuted
from ..keys import Keys
from ..weights import to_float32
from .llama import Llama

_NUMBERS = ("alpha_n", "alpha_p", "beta", "eps")


class Apertus(Llama):
    title = "Apertus"
    proof = "reference"
    classes: ClassVar[Names] = ("ApertusForCausalLM",)
    text_only: ClassVar[Names] = ()
    arch = "apertus"
    permuted: ClassVar[Permuted] = ()
    skipped: ClassVar[Names] = tuple(f".act_fn.{name}" for name in _NUMBERS)

    def extra_tensors(self, keys: Keys) -> Named:
        yield from super().extra_tensors(keys)
        for number in self._met_order():
            getattr(keys, f"add_xielu_{number}")(self._values(number))

    def _met_order(self) -> list[str]:
        """In the order in which the last layer's numbers are met."""
        order: dict[str, None] = {}
        for name in self.model.tensors:
            kind = name.rpartition(".act_fn.")[2]
            if kind in _NUMBERS:
                order.pop(kind, None)
                order[kind] = None
        return list(order)

    def _values(self, number: str) -> list[float]:
        names = [f"model.layers.{layer}.mlp.act_fn.{number}" for layer in range(self.blocks)]
        missing = next((name for name in names if name not in self.model.tensors), None)
        if missing is not None:
            raise self.missing(missing)
        values: list[float] = []
        for name, data in self.model.peek(names).items():
            tensor = self.model.tensors[name]
            stored = np.frombuffer(data, numpy_name(tensor.dtype))
            values.append(float(to_float32(stored, tensor.dtype).reshape(-1)[0]))
        return values


FAMILIES = (Apertus,)
