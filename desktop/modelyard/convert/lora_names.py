"""Which tensor of the base each tensor of an add-on belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import Code, ModelyardError
from ..formats.adapter import Adapter
from ..formats.checkpoint_tensor import StoredTensor

_PREFIX = "base_model.model."
# lora_A.weight, lora_A.default.weight (or another name of the add-on), lora_embedding_A; MLX: lora_a
_HALF = re.compile(r"\.lora_(?:(?P<half>[AB])(?:\.\w+)?\.weight|embedding_(?P<rows>[AB])(?:\.\w+)?|(?P<mlx>[ab]))$")
_NOT_FOR_TEXT = ("score.", "classifier.", "v_head.", "summary.")  # heads of other tasks, trained along


@dataclass(frozen=True)
class LoraPair:
    """module: the base's module without ".weight"; down: A (rank, inputs); up: B (outputs, rank). turned: both are
    stored transposed."""

    module: str
    down: StoredTensor
    up: StoredTensor
    embedding: bool
    turned: bool = False

    @property
    def rank(self) -> int:
        return self.down.shape[1 if self.turned else 0]

    @property
    def inputs(self) -> int:
        return self.down.shape[0 if self.turned else 1]

    @property
    def outputs(self) -> int:
        return self.up.shape[1 if self.turned else 0]

    @property
    def target(self) -> str:
        return f"{self.module}.weight"


def sorted_out(adapter: Adapter) -> tuple[list[LoraPair], dict[str, StoredTensor]]:
    """The pairs, and the whole tensors by the base's name for them.

    Raises ADAPTER_UNSUPPORTED (tensors of DoRA, or convolutions), ADAPTER_INVALID (half a pair, no tensor at all).
    """
    downs: dict[str, StoredTensor] = {}
    ups: dict[str, StoredTensor] = {}
    whole: dict[str, StoredTensor] = {}
    for name, tensor in adapter.tensors.items():
        plain = name.removeprefix(_PREFIX).removeprefix("base_model.")
        if "lora_magnitude" in plain:
            raise _unsupported(adapter, "DoRA")
        if found := _HALF.search(plain):
            half = (found["half"] or found["rows"] or found["mlx"]).upper()
            module = plain[: found.start()]
            if module in (halves := downs if half == "A" else ups):
                raise _unsupported(adapter, "LoRA × 2")
            halves[module] = tensor
        elif ".lora_" in plain:
            raise _unsupported(adapter, f"lora_{plain.rpartition('.lora_')[2]}")
        elif not plain.startswith(_NOT_FOR_TEXT):
            whole[plain.replace(".modules_to_save.default", "").replace(".base_layer", "")] = tensor
    if downs.keys() != ups.keys() or not (downs or whole):
        odd = next(iter(downs.keys() ^ ups.keys()), "no tensors")
        raise ModelyardError(Code.ADAPTER_INVALID, name=adapter.name, detail=f"{odd[:120]}: A or B is missing")
    return [_pair(adapter, module, downs[module], ups[module]) for module in downs], whole


def _pair(adapter: Adapter, module: str, down: StoredTensor, up: StoredTensor) -> LoraPair:
    if len(down.shape) != 2 or len(up.shape) != 2:
        raise _unsupported(adapter, f"{len(down.shape)}-dimensional LoRA")
    turned = down.name.endswith(".lora_a")  # MLX stores (inputs, rank) and (rank, outputs)
    if (up.shape[0] != down.shape[1] if turned else up.shape[1] != down.shape[0]) or 0 in (*up.shape, *down.shape):
        raise ModelyardError(
            Code.ADAPTER_INVALID, name=adapter.name, detail=f"{module[:120]}: {list(up.shape)} × {list(down.shape)}"
        )
    return LoraPair(module.replace(".base_layer", ""), down, up, "lora_embedding" in down.name, turned)


def _unsupported(adapter: Adapter, method: str) -> ModelyardError:
    return ModelyardError(
        Code.ADAPTER_UNSUPPORTED, name=adapter.name, method=method[:80], base_model=adapter.base_model
    )


class BaseNames:
    """Finds a tensor of the base under the name an add-on has for it. Wrappers of the same model differ in prefixes:
    "model.", "language_model.", "transformer."."""

    def __init__(self, tensors: Mapping[str, StoredTensor], adapter: str, base: str) -> None:
        self._tensors = tensors
        self._adapter, self._base = adapter, base
        self._plain: dict[str, list[str]] = {}
        for name in tensors:
            self._plain.setdefault(_plain(name), []).append(name)

    def find(self, name: str, can_be_new: bool = False) -> str:
        """The base's own name. can_be_new: return `name` itself where the base has none. Raises ADAPTER_MISMATCH."""
        if name in self._tensors:
            return name
        same = self._plain.get(_plain(name), [])
        if len(same) == 1:
            return same[0]
        if can_be_new and not same:
            return name
        raise ModelyardError(Code.ADAPTER_MISMATCH, name=self._adapter, base=self._base, tensor=name[:200])


def _plain(name: str) -> str:
    parts = name.split(".")
    while len(parts) > 2 and parts[0] in ("model", "language_model", "transformer", "base_model"):
        parts = parts[1:]
    return ".".join(parts)
