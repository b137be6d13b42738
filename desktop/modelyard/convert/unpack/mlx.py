"""MLX (Apple's framework; the folders of mlx-community): integers of 1 to 8 bits in 32-bit words along the inputs, with
scale and bias of each group of inputs; or 4- and 8-bit floats with a scale a group (MXFP4, NVFP4, MXFP8).

affine: value[out, in] = weight[out, in] × scale[out, g] + bias[out, g], rounded to the scale's own type after each of
the two steps, as mlx.core.dequantize computes it. The floats' product is exact in BF16.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...formats.checkpoint import RowReader
from ...formats.checkpoint_tensor import StoredTensor
from ..weights import from_float32, to_float32
from .bits import integers_of, per_byte
from .fp4 import FP4_PAIRS
from .mlx_names import JOINED, config_left, dropped, kept_in_blocks, names_in, norms_plus_one, own_name, turned
from .scheme import Unpacking, number_of
from .views import ByteBlocks, Joined, Moved, OneLess

MAX_EXPERTS = 4096
_FLOATS = ("F16", "BF16", "F32")
_MODES = {"mxfp4": (4, 32, "F8_E8M0"), "nvfp4": (4, 16, "F8_E4M3"), "mxfp8": (8, 32, "F8_E8M0")}  # bits, group, scale


@dataclass(frozen=True)
class MlxTensor:
    """packed (…, outputs, inputs × bits / 32) U32, scales and biases (…, outputs, groups). first: where the rows of
    this tensor begin in a stack of experts."""

    tensor: StoredTensor
    packed: StoredTensor
    scales: StoredTensor
    biases: StoredTensor | None
    mode: str
    bits: int
    first: int

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.packed.name, self.scales.name, *((self.biases.name,) if self.biases else ()))

    def rows(self, reader: RowReader, start: int, stop: int) -> NDArray[Any]:
        start, stop = start + self.first, stop + self.first
        words = reader.read(self.packed.name, start, stop)
        scales = reader.read(self.scales.name, start, stop)
        if self.biases is None:
            bits, _, kind = _MODES[self.mode]
            codes = per_byte(words, FP4_PAIRS) if bits == 4 else to_float32(_bytes(words), "F8_E4M3")
            parts = codes.reshape(len(codes), scales.shape[1], -1)
            return from_float32((parts * to_float32(scales, kind)[:, :, None]).reshape(codes.shape), "BF16")
        dtype = self.scales.dtype
        values = integers_of(words, self.bits)
        parts = values.reshape(len(values), scales.shape[1], -1)
        parts *= to_float32(scales, dtype)[:, :, None]
        rounded = to_float32(from_float32(parts, dtype), dtype)
        rounded = rounded + to_float32(reader.read(self.biases.name, start, stop), self.biases.dtype)[:, :, None]
        return from_float32(rounded.reshape(values.shape), dtype)


def plan_mlx(plan: Unpacking, config: Mapping[str, Any], architecture: str) -> None:
    """config: config.json's "quantization", empty for a folder that is not packed. Encoders for pictures and sound are
    left out: MLX turns their convolutions.

    Raises PACKING_REARRANGED (a family whose tensors MLX stores in an order or with values of its own), PACKING_UNKNOWN
    (another mode), PACKING_INVALID (tensors that do not fit together).
    """
    names = names_in(plan, architecture)
    plan.config = config_left(plan.table.config)
    shifted, blocks = norms_plus_one(plan, architecture), kept_in_blocks(architecture)
    for name, stored in plan.stored.items():
        if dropped(name):
            plan.consumed.add(name)
        elif name.endswith(".global_scale"):
            raise plan.unknown("MLX nvfp4, global_scale")
        elif turned(stored):
            channels, steps, _ = stored.shape
            plan.add(Moved(StoredTensor(name, stored.dtype, (channels, 1, steps), stored.shard), stored))
        elif shifted and name.endswith(shifted) and len(stored.shape) == 1:
            plan.add(OneLess(stored))
        elif name.endswith(f"{JOINED}gate_proj.weight"):
            _join(plan, stored, config)
        elif name.endswith(".weight") and not name.endswith(f"{JOINED}up_proj.weight"):
            whole = _packed(plan, stored, config)
            if whole is not None and whole.mode == "mxfp4" and whole.tensor.name.endswith(blocks):
                _keep_blocks(plan, whole)
                continue
            if whole is not None:
                plan.consumed.update(whole.sources)
            _add(plan, whole, stored, own_name(names, name))


def _add(plan: Unpacking, whole: MlxTensor | None, stored: StoredTensor, own: str | None) -> None:
    """The tensor itself, or each expert of a stack. own: its published name, "{}" for an expert's number."""
    seen = stored if whole is None else whole.tensor
    if own is None or "{}" not in own:
        if own is not None:
            seen = replace(seen, name=own)
        if whole is not None:
            plan.add(replace(whole, tensor=seen))
        elif own is not None:
            plan.add(Moved(seen, stored))
        return
    if len(seen.shape) != 3 or seen.shape[0] > MAX_EXPERTS:
        raise plan.invalid(stored.name, f"shape {list(seen.shape)}")
    for expert in range(seen.shape[0]):
        one = replace(seen, name=own.format(expert), shape=seen.shape[1:])
        first = expert * seen.shape[1]
        plan.add(Moved(one, stored, first) if whole is None else replace(whole, tensor=one, first=first))


def _join(plan: Unpacking, gate: StoredTensor, config: Mapping[str, Any]) -> None:
    """Gate and up matrices of all experts, published as one tensor."""
    up = plan.need(gate.name.replace("gate_proj", "up_proj"))
    upper, lower = (_packed(plan, each, config) or Moved(each, each) for each in (gate, up))
    seen = upper.tensor
    if lower.tensor.shape != seen.shape or lower.tensor.dtype != seen.dtype or len(seen.shape) != 3:
        raise plan.invalid(up.name, f"shape {list(lower.tensor.shape)}")
    experts, height, columns = seen.shape
    name = f"{gate.name.partition(JOINED)[0]}.experts.gate_up_proj"
    plan.add(Joined(replace(seen, name=name, shape=(experts, 2 * height, columns)), upper, lower))


def _keep_blocks(plan: Unpacking, whole: MlxTensor) -> None:
    """gpt-oss's experts as its maker publishes them: (experts, outputs, groups, 16) bytes and their scales."""
    stem = whole.tensor.name.removesuffix(".weight")
    shape = (*whole.scales.shape, 16)
    plan.add(ByteBlocks(StoredTensor(f"{stem}_blocks", "U8", shape, whole.packed.shard), whole.packed))
    plan.add(Moved(replace(whole.scales, name=f"{stem}_scales"), whole.scales))


def _packed(plan: Unpacking, packed: StoredTensor, config: Mapping[str, Any]) -> MlxTensor | None:
    """None for a tensor that is not packed."""
    module = packed.name.removesuffix(".weight")
    scales = plan.stored.get(f"{module}.scales")
    if scales is None:
        return None
    own = config.get(module)
    given = own if isinstance(own, dict) else config
    mode = str(given.get("mode", "affine"))
    biases = plan.stored.get(f"{module}.biases")
    if mode == "affine":
        bits, group = number_of(given.get("bits"), 4), number_of(given.get("group_size"), 64)
        fits = biases is not None and scales.dtype in _FLOATS and biases.dtype == scales.dtype
        fits = fits and biases is not None and biases.shape == scales.shape and 1 <= bits <= 8 and group > 0
    elif mode in _MODES:
        bits, group, _ = _MODES[mode]
        fits = biases is None and scales.dtype == "U8"
    else:
        raise plan.unknown(f"MLX {mode}")
    if not fits or packed.dtype != "U32" or not 2 <= len(packed.shape) <= 3 or own is False:
        raise plan.invalid(packed.name, f"{packed.dtype}, scales {scales.dtype}{list(scales.shape)}, MLX {mode}")
    inputs = scales.columns * group
    if packed.shape[:-1] != scales.shape[:-1] or packed.columns * 32 != inputs * bits or not inputs or inputs % 32:
        raise plan.invalid(packed.name, f"{list(packed.shape)} words of {bits} bits, scales {list(scales.shape)}")
    dtype = scales.dtype if mode == "affine" else "BF16"
    seen = StoredTensor(packed.name, dtype, (*packed.shape[:-1], inputs), packed.shard)
    return MlxTensor(seen, packed, scales, biases, mode, bits, 0)


def _bytes(words: NDArray[Any]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(words).view(np.uint8)
