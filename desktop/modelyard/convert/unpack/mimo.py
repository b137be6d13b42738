"""FP8 weights of MiMo V2.5: queries, keys and values of a layer lie in one tensor, the share of one machine after that
of another, each with blocks of scales of its own (conversion/mimo.py, _tp_aware_qkv_dequant)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...formats.checkpoint import RowReader
from ...formats.checkpoint_tensor import StoredTensor
from ..weights import read_float32, to_float32
from .scheme import Unpacking

_BLOCK = 128  # rows and columns that share a scale
_MACHINES = (8, 4)
_NAME = re.compile(r"model\.(mtp\.)?layers\.(\d+)\.self_attn\.qkv_proj\.weight")


def is_mimo_qkv(name: str, config: Mapping[str, Any]) -> bool:
    """`name`: of a weight. config: config.json."""
    classes = config.get("architectures") or [""]
    return str(classes[0]).startswith("MiMoV2") and _NAME.fullmatch(name) is not None


def plan_mimo_qkv(plan: Unpacking, name: str, scale_name: str) -> None:
    """Raises PACKING_INVALID."""
    weight, scale, found = plan.need(name), plan.need(scale_name), _NAME.fullmatch(name)
    config = plan.table.config
    ahead, layer = (bool(found[1]), int(found[2])) if found else (False, 0)
    try:
        window = ahead or config["hybrid_layer_pattern"][layer] == 1
        heads = int(config["swa_num_key_value_heads" if window else "num_key_value_heads"])
        queries = int(config["num_attention_heads"]) * int(config["head_dim"])
        parts = (queries, heads * int(config["head_dim"]), heads * int(config["v_head_dim"]))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise plan.invalid(name, f"{type(error).__name__}: {error}"[:120]) from error
    rows = sum(parts)
    if len(weight.shape) != 2 or len(scale.shape) != 2 or weight.shape[0] != rows:
        raise plan.invalid(name, f"{weight.shape} is not {parts} with scales {scale.shape}")
    fits = (each for each in _MACHINES if rows % each == 0 and scale.shape[0] == each * -(-rows // each // _BLOCK))
    machines = next(fits, None)
    if machines is None or any(part % machines for part in parts) or scale.shape[1] != -(-weight.shape[1] // _BLOCK):
        raise plan.invalid(name, f"scales {scale.shape} of {weight.shape}")
    plan.add(MimoQkv(weight, scale, parts, machines))


@dataclass(frozen=True)
class MimoQkv:
    """parts: rows of all queries, keys and values."""

    weight: StoredTensor
    scale: StoredTensor
    parts: tuple[int, int, int]
    machines: int

    @property
    def tensor(self) -> StoredTensor:
        return StoredTensor(self.weight.name, "F32", self.weight.shape, self.weight.shard)

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.weight.name, self.scale.name)

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[np.float32]:
        """All queries, then all keys, then all values."""
        share = self.weight.shape[0] // self.machines
        stored = self._order(share)[start:stop]
        breaks = np.flatnonzero(np.diff(stored) != 1) + 1
        runs = [run for run in np.split(stored, breaks) if len(run)]
        values = [read_float32(reader, self.weight, int(run[0]), int(run[-1]) + 1) for run in runs]
        lines = stored // share * -(-share // _BLOCK) + stored % share // _BLOCK
        scales = to_float32(reader.read(self.scale.name, 0, self.scale.rows), self.scale.dtype)[lines]
        spread = np.repeat(scales, _BLOCK, axis=1)[:, : self.weight.shape[1]]
        return np.concatenate(values) * spread if values else spread

    def _order(self, share: int) -> NDArray[np.int64]:
        """Where each row of the result is stored."""
        own = [part // self.machines for part in self.parts]
        starts = np.cumsum([0, *own])
        first = np.arange(self.machines)[:, None] * share
        return np.concatenate(
            [(first + np.arange(start, start + size)).reshape(-1) for start, size in zip(starts, own, strict=False)]
        )
