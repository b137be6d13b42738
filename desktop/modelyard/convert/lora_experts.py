"""LoRA on the parameters of experts (PEFT's target_parameters): A and B of all experts of a layer lie in one tensor.

PEFT (tuners/lora/layer.py, ParamWrapper): A (experts × rank, inputs), expert by expert; B (outputs, rank × experts),
the experts of each rank side by side. Two parameters of one module are wrapped around each other: the innermost pair
belongs to the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..formats.adapter import Adapter
from ..formats.checkpoint import TensorTable
from ..formats.checkpoint_tensor import StoredTensor
from .content import WeightReader
from .lora_names import BaseNames, LoraPair, unsupported
from .lora_scale import scaling_of
from .lora_sums import scaled
from .product import AddProduct
from .unpack.expert_blocks import plain_experts
from .weights import read_whole, to_float32

_KEY = "target_parameters"
# What one parameter is in checkpoints that store each expert apart, in the parameter's order.
_PARTS = {"gate_up_proj": (("gate_proj", "w1"), ("up_proj", "w3")), "down_proj": (("down_proj", "w2"),)}
_MOST_EXPERTS = 4096


@dataclass(frozen=True)
class ExpertSum:
    """A Change of a stack of experts (experts, rows, columns), or of one of them (rows, columns): the one numbered
    `only`. first: where in the parameter its rows begin. turned: A belongs to the base's rows, B to its columns."""

    base: StoredTensor
    down: StoredTensor
    up: StoredTensor
    scale: float
    add: AddProduct
    experts: int
    turned: bool
    only: int | None = None
    first: int = 0
    brought: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.down.name, self.up.name)

    def rows(self, below: WeightReader, addon: WeightReader, start: int, stop: int) -> NDArray[np.float32]:
        each = self.base.rows if self.only is not None else self.base.shape[1]
        stored = below.read(self.base.name, start, stop).reshape(stop - start, self.base.columns)
        out = np.empty(stored.shape, np.float32)
        at = start
        while at < stop:
            here, top = divmod(at, each)
            end = min(stop, (here + 1) * each)
            expert = here if self.only is None else self.only
            left, right = self._factors(addon, expert, self.first + top, self.first + top + end - at)
            part = slice(at - start, end - start)
            out[part] = self.add(self.base.dtype, stored[part], left, right)
            at = end
        return out

    def _factors(
        self, addon: WeightReader, expert: int, start: int, stop: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(rows, rank) and (rank, columns) of one expert."""
        rank = self.down.shape[0] // self.experts
        down = to_float32(addon.read(self.down.name, expert * rank, (expert + 1) * rank), self.down.dtype)
        up = read_whole(addon, self.up)[slice(None) if self.turned else slice(start, stop), expert :: self.experts]
        up = to_float32(np.ascontiguousarray(up), self.up.dtype)
        left, right = (down[:, start:stop].T, up.T) if self.turned else (up, down)
        return scaled(np.ascontiguousarray(left), self.scale), np.ascontiguousarray(right)


@dataclass(frozen=True)
class _Place:
    """Where a pair's parameter lies in the base. shape: of one expert's parameter. parts: by the base's names, the
    expert (None: all of them) and the row the part begins at."""

    pair: LoraPair
    parameter: str
    experts: int
    shape: tuple[int, int]
    parts: list[tuple[StoredTensor, int | None, int]]

    def turned(self) -> bool | None:
        """None: inputs and outputs are as many, both ways fit."""
        straight, crossed = (self.pair.outputs, self.pair.inputs), (self.pair.inputs, self.pair.outputs)
        return None if straight == crossed else crossed == self.shape


def on_parameters(pairs: Iterable[LoraPair], adapter: Adapter) -> dict[str, tuple[str, ...]]:
    """By module, the names of the parameters that target_parameters means, innermost first: as many as there are pairs
    for it. Modules of which only the weight is meant are no different from any other and left out.

    Raises ADAPTER_UNSUPPORTED where it cannot be told which pair belongs to which.
    """
    targets = _targets(adapter.config)
    depths: dict[str, int] = {}
    for pair in pairs:
        depths[pair.module] = max(depths.get(pair.module, 0), pair.depth + 1)
    found: dict[str, tuple[str, ...]] = {}
    for module, count in depths.items():
        shorts = {each.rpartition(".")[2] for each in targets}
        meant = {short for short in shorts if _is_meant(f"{module}.{short}", targets)}
        if meant <= {"weight"}:
            continue
        # Every model has the matrix that leads back last among its parameters.
        names = sorted(meant, key=lambda name: (name.startswith("down"), name))
        if len(names) != count or len(names) > 2 or (len(names) == 2 and not names[1].startswith("down")):
            raise unsupported(adapter, f"LoRA {_KEY}")
        found[module] = tuple(names)
    return found


def _targets(config: Mapping[str, Any]) -> list[str]:
    told = config.get(_KEY)
    return [each for each in told if isinstance(each, str)] if isinstance(told, list) else []


def _is_meant(name: str, targets: Sequence[str]) -> bool:
    return any(name == each or name.endswith(f".{each}") for each in targets)


def setting_key(module: str, config: Mapping[str, Any]) -> str:
    """The name PEFT looks up in alpha_pattern: with the parameter's, where that was meant and not the module."""
    return f"{module}.weight" if _is_meant(f"{module}.weight", _targets(config)) else module


def with_experts_unpacked(base: TensorTable, modules: Mapping[str, tuple[str, ...]], names: BaseNames) -> TensorTable:
    """`base` with those stacks of experts as numbers that are to be changed and that it keeps in MXFP4's blocks."""
    stems: list[str] = []
    for module, parameters in modules.items():
        for each in parameters:
            blocks = names.known(f"{module}.{each}_blocks")
            if blocks is not None:
                stems.append(blocks.removesuffix("_blocks"))
    return plain_experts(base, stems) if stems else base


def expert_sums(
    pairs: Iterable[LoraPair],
    modules: Mapping[str, tuple[str, ...]],
    base: Mapping[str, StoredTensor],
    names: BaseNames,
    adapter: Adapter,
    add: AddProduct,
) -> dict[str, ExpertSum]:
    """By the base's names, what the pairs of `modules` change. Raises ADAPTER_MISMATCH, ADAPTER_INVALID,
    ADAPTER_UNSUPPORTED (nothing tells which way round square matrices are)."""
    places = [_place(pair, modules[pair.module], base, names) for pair in pairs]
    ways = {place.turned() for place in places} - {None}
    found: dict[str, ExpertSum] = {}
    for place in places:
        pair, turned = place.pair, place.turned()
        fits = {(pair.outputs, pair.inputs), (pair.inputs, pair.outputs)}
        if place.shape not in fits or pair.rank % place.experts:
            raise names.mismatch(f"{pair.module}.{place.parameter}")
        if turned is None:
            if len(ways) != 1:
                raise unsupported(adapter, f"LoRA {_KEY}")
            turned = ways == {True}
        rank = pair.rank // place.experts
        scale = scaling_of(adapter.config, f"{pair.module}.{place.parameter}", rank, adapter.name)
        whole = ExpertSum(place.parts[0][0], pair.down, pair.up, scale, add, place.experts, turned)
        for tensor, only, first in place.parts:
            found[tensor.name] = replace(whole, base=tensor, only=only, first=first)
    return found


def _place(pair: LoraPair, parameters: Sequence[str], base: Mapping[str, StoredTensor], names: BaseNames) -> _Place:
    """Raises ADAPTER_MISMATCH."""
    parameter = parameters[len(parameters) - 1 - pair.depth] if pair.depth < len(parameters) else ""
    target = f"{pair.module}.{parameter}"
    stack = base.get(names.known(target) or "")
    if stack is not None and len(stack.shape) == 3:
        return _Place(pair, parameter, stack.shape[0], (stack.shape[1], stack.shape[2]), [(stack, None, 0)])
    parts: list[tuple[StoredTensor, int | None, int]] = []
    experts = height = columns = 0
    while experts < _MOST_EXPERTS:
        single = [_single(pair.module, experts, each, base, names) for each in _PARTS.get(parameter, ())]
        if None in single or not single:
            break
        height = 0
        for tensor in single:
            if tensor is not None:
                parts.append((tensor, experts, height))
                height, columns = height + tensor.rows, tensor.columns
        experts += 1
    if not experts or any(tensor.shape != parts[0][0].shape for tensor, _, _ in parts):
        raise names.mismatch(target)
    return _Place(pair, parameter, experts, (height, columns), parts)


def _single(
    module: str, expert: int, kinds: Sequence[str], base: Mapping[str, StoredTensor], names: BaseNames
) -> StoredTensor | None:
    found = (names.known(f"{module}.{expert}.{kind}.weight") for kind in kinds)
    return next((base[name] for name in found if name is not None), None)
