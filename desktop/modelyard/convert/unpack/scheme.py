"""What a packing changes in a checkpoint's table of tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import Code, ModelyardError
from ...formats.checkpoint import TensorTable
from ...formats.checkpoint_tensor import StoredTensor
from ..weights import DerivedTensor

UNUSED_SUFFIXES = (
    ".input_scale",
    ".output_scale",
    ".q_scale",
    ".k_scale",
    ".v_scale",
    ".input_zero_point",
    ".input_global_scale",
    ".activation_scale",
    "_activation_scale",
    ".qscale_act",
)
"""Tensors for quantized activations and caches; a GGUF has no place for them."""


@dataclass
class Unpacking:
    """Collects the changes. `derived`: computed tensors by name; one with the name of a stored tensor takes its place,
    others come after all stored ones (as conversion/base.py, dequant_model, leaves them). `consumed`: stored tensors
    that are not seen any more. `config`: config.json as it fits what is left, None for as it is."""

    table: TensorTable
    derived: dict[str, DerivedTensor] = field(default_factory=dict)
    consumed: set[str] = field(default_factory=set)
    config: Mapping[str, Any] | None = None

    @property
    def stored(self) -> Mapping[str, StoredTensor]:
        return self.table.tensors

    def add(self, tensor: DerivedTensor) -> None:
        self.derived[tensor.tensor.name] = tensor
        self.consumed.update(tensor.sources)

    def need(self, name: str) -> StoredTensor:
        """A stored tensor that must be there. Raises PACKING_INVALID."""
        tensor = self.stored.get(name)
        if tensor is None:
            raise self.invalid(name, "missing")
        return tensor

    def invalid(self, tensor: str, detail: str) -> ModelyardError:
        return ModelyardError(Code.PACKING_INVALID, name=self.table.name, tensor=tensor, detail=detail)

    def unknown(self, method: str) -> ModelyardError:
        base_model = self.table.base_model
        return ModelyardError(Code.PACKING_UNKNOWN, name=self.table.name, method=method[:80], base_model=base_model)

    def drop_unused(self) -> None:
        self.consumed.update(name for name in self.stored if name.endswith(UNUSED_SUFFIXES))

    def seen(self) -> list[StoredTensor]:
        """The table after unpacking."""
        kept = [
            self.derived[name].tensor if name in self.derived else tensor
            for name, tensor in self.stored.items()
            if name in self.derived or name not in self.consumed
        ]
        return kept + [made.tensor for name, made in self.derived.items() if name not in self.stored]


def number_of(value: Any, default: int) -> int:
    """A whole number of a configuration, `default` for anything else."""
    return value if type(value) is int else default
