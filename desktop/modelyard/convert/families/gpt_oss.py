"""OpenAI's gpt-oss, whose experts are stored in MXFP4 and stay so (conversion/gpt_oss.py)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...formats.ggml_types import GgmlType
from .. import lazy
from ..content import RowBlock, WeightReader
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..unpack.blocks import mxfp4_blocks


class GptOss(Family):
    title = "gpt-oss"
    proof = "golden"
    classes: ClassVar[Names] = ("GptOssForCausalLM",)
    arch = "gpt-oss"

    def rename(self, name: str) -> str | None:
        return super().rename(f"{name}.weight" if "sinks" in name else name)

    def extra_tensors(self, keys: Keys) -> Named:
        """The expert matrices come first, each as soon as its scales are met."""
        tensors = self.model.tensors
        for name in tensors:
            stem = name.removesuffix("_scales")
            if not name.endswith("_scales") or ".mlp.experts." not in name:
                continue
            blocks = tensors.get(f"{stem}_blocks")
            if blocks is None:
                raise self.missing(f"{stem}_blocks")
            codes = lazy.stored(blocks.name, blocks.dtype, blocks.shape)
            scales = lazy.stored(name, tensors[name].dtype, tensors[name].shape)
            if stem.endswith("gate_up_proj"):
                for part, first in (("gate_proj", 0), ("up_proj", 1)):
                    yield stem.replace("gate_up_proj", f"{part}.weight"), _blocks(codes, scales, first, 2)
            else:
                yield f"{stem}.weight", _blocks(codes, scales, 0, 1)

    def fixed_type(self, source: str, name: str, tensor: Lazy) -> GgmlType | None:
        return GgmlType.MXFP4 if tensor.dtype == "RAW" else None

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """Gate and up are interleaved. Experts that are not in MXFP4 are stored transposed."""
        if name.endswith(("_blocks", "_scales")):
            return
        if name.endswith("down_proj_bias"):
            yield name.replace("down_proj_bias", "down_proj.bias"), tensor
        elif name.endswith("gate_up_proj_bias"):
            for part, first in (("gate_proj", 0), ("up_proj", 1)):
                yield (
                    name.replace("gate_up_proj_bias", f"{part}.bias"),
                    lazy.columns(tensor, _odd_or_even(first, tensor)),
                )
        elif name.endswith("gate_up_proj"):
            rows = lazy.transposed(tensor)
            count, height, _ = rows.shape
            for part, first in (("gate_proj", 0), ("up_proj", 1)):
                index = (np.arange(count)[:, None] * height + np.arange(first, height, 2)).reshape(-1)
                part_rows = lazy.gathered(rows, index, (count, height // 2))
                yield name.replace("gate_up_proj", f"{part}.weight"), part_rows
        elif name.endswith("down_proj"):
            yield f"{name}.weight", lazy.transposed(tensor)
        else:
            yield name, tensor

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_sliding_window(self.config["sliding_window"])
        keys.add_expert_feed_forward_length(self.config["intermediate_size"])


def _odd_or_even(first: int, tensor: Lazy) -> NDArray[np.int64]:
    """Every second column, beginning with `first`."""
    return np.arange(first, tensor.shape[-1], 2)


def _blocks(codes: Lazy, scales: Lazy, first: int, step: int) -> Lazy:
    """ggml's MXFP4 rows `first`, `first` + `step`, … of every expert. codes: (experts, rows, groups, 16); scales:
    (experts, rows, groups)."""
    experts, rows, groups, _ = codes.shape
    kept = rows // step

    def read(reader: WeightReader, start: int, stop: int) -> RowBlock:
        index = np.arange(start, stop)
        index = index // kept * rows + index % kept * step + first
        low, high = int(index[0]), int(index[-1]) + 1
        packed = reader.read(codes.sources[0], low * groups, high * groups).reshape(high - low, groups * 16)
        scale = reader.read(scales.sources[0], low, high)
        return RowBlock("RAW", mxfp4_blocks(packed[index - low], scale[index - low]))

    return Lazy((experts, kept, groups * 32), "RAW", (codes.sources[0], scales.sources[0]), read)


FAMILIES = (GptOss,)
