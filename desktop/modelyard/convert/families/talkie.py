"""Talkie: norms without weights, single numbers in their place (conversion/talkie.py)."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from ...formats.checkpoint_tensor import numpy_name
from .. import lazy
from ..content import RowBlock, WeightReader
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy, as_float32
from ..weights import to_float32

_GAIN = "lm_head_gain.w_g"
_SCALES = {"attn_gain.a_g": "attn_output", "mlp_gain.a_g": "ffn_down"}
_EPSILON = float(np.finfo(np.float32).eps)  # torch's where none is named


class Talkie(Family):
    title = "Talkie"
    proof = "reference"
    classes: ClassVar[Names] = ("TalkieForCausalLM",)
    arch = "talkie"
    skipped: ClassVar[Names] = (_GAIN,)

    def extra_tensors(self, keys: Keys) -> Named:
        stored = self.model.tensors.get(_GAIN)
        if stored is None:
            raise self.missing(_GAIN)
        data = np.frombuffer(self.model.peek([_GAIN])[_GAIN], numpy_name(stored.dtype))
        keys.add_logit_scale(float(to_float32(data, stored.dtype)[0]))
        yield from super().extra_tensors(keys)

    def is_own_name(self, name: str) -> bool:
        return name.endswith(".scale")

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        suffix = name.removeprefix(f"model.blocks.{block}.")
        if suffix in _SCALES:
            yield f"blk.{block}.{_SCALES[suffix]}.scale", tensor
            return
        if suffix in ("attn.attn_query.weight", "attn.attn_key.weight"):
            tensor = _turned_back(tensor, int(self.config["head_dim"]))
        elif suffix == "attn.head_gain.head_g":
            tensor = lazy.reshaped(tensor, (*tensor.shape, 1))
        yield name if name.endswith(".weight") else f"{name}.weight", tensor

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_layer_norm_rms_eps(_EPSILON)


def _turned_back(tensor: Lazy, size: int) -> Lazy:
    """Talkie's rotary embedding turns the other way: the second half of every head's rows changes its sign."""
    dtype = "F16" if tensor.dtype == "F16" else "F32"

    def read(reader: WeightReader, start: int, stop: int) -> RowBlock:
        signs = np.where(np.arange(start, stop) % size < size // 2, 1, -1).astype(np.float32)
        values = as_float32(tensor.read(reader, start, stop)) * signs[:, None]
        return RowBlock(dtype, values.astype(np.float16 if dtype == "F16" else np.float32, copy=False))

    tensor.need_numbers()
    return replace(tensor, dtype=dtype, read=read)


FAMILIES = (Talkie,)
