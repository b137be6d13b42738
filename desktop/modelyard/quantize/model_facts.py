"""What the rules about tensor types need to know of a model, and of each of its tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..convert.content import MetadataEntry
from ..formats.ggml_types import GgmlType

_ALWAYS_70B = ("qwen2", "deci", "olmo")  # with 80 layers (src/models/*.cpp)


@dataclass(frozen=True)
class TensorFacts:
    """A tensor as llama-quantize meets it: shape in numpy order, `type` in the file it would read."""

    name: str
    shape: tuple[int, ...]
    type: GgmlType

    @property
    def columns(self) -> int:
        return self.shape[-1] if self.shape else 1

    @property
    def dimensions(self) -> int:
        """As ggml counts them: leading ones in numpy order do not count; at least 1."""
        return len(trimmed(self.shape))


@dataclass(frozen=True)
class ModelFacts:
    """The hyperparameters that llama-quant.cpp looks at. `layers` is <arch>.block_count."""

    architecture: str
    layers: int
    heads: int
    kv_heads: int
    experts: int

    @property
    def heads_a_kv_head(self) -> int:
        """n_gqa of the first layer; 0 where that layer has no attention."""
        return self.heads // self.kv_heads if self.kv_heads else 0

    @property
    def is_70b(self) -> bool:
        """LLM_TYPE_70B, which gives attn_v more bits."""
        if self.architecture == "jais2":
            return self.layers == 68
        if self.layers != 80:
            return False
        return self.architecture in _ALWAYS_70B or (
            self.architecture in ("llama", "llama-embed") and self.heads != self.kv_heads
        )


def trimmed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape without leading ones, but never empty: what ggml_n_dims leaves."""
    start = 0
    while start < len(shape) - 1 and shape[start] == 1:
        start += 1
    return shape[start:] or (1,)


def facts_of(architecture: str, metadata: Iterable[MetadataEntry]) -> ModelFacts:
    """Reads the hyperparameters as llama.cpp does: arrays count by their first number, head_count_kv defaults to
    head_count."""
    values: Mapping[str, Any] = {entry.key: entry.value for entry in metadata if entry.key.startswith(architecture)}

    def number(key: str, default: int) -> int:
        value = values.get(f"{architecture}.{key}", default)
        if isinstance(value, str | bytes):
            return default
        if isinstance(value, Sequence) or hasattr(value, "__len__"):
            value = value[0] if len(value) else default
        try:
            return int(value)
        except (TypeError, ValueError, OverflowError):  # no number: llama.cpp would not load such a file
            return default

    heads = number("attention.head_count", 0)
    return ModelFacts(
        architecture=architecture,
        layers=number("block_count", 0) * number("num_loops", 1),  # Nanbeige's, gone through again, count again
        heads=heads,
        kv_heads=number("attention.head_count_kv", heads),
        experts=number("expert_count", 0),
    )
