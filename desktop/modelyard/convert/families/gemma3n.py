"""Gemma 3n, the text model (conversion/gemma.py Gemma3NModel)."""

from __future__ import annotations

from statistics import NormalDist
from typing import ClassVar

from .. import lazy
from ..config import Config, bounded
from ..family import Named, Names, swa_pattern
from ..keys import Keys
from ..lazy import Lazy
from ..model import Model
from .gemma import Gemma3

_STACKS = ("altup_unembed_projections", "altup_projections")


class Gemma3n(Gemma3):
    """Its norms are stored plainly. The three matrices each of two kinds become one stack."""

    title = "Gemma 3n"
    proof = "reference"
    classes: ClassVar[Names] = ("Gemma3nForCausalLM",)
    text_only: ClassVar[Names] = ("Gemma3nForConditionalGeneration",)
    arch = "gemma3n"
    plus_one: ClassVar[Names] = ()

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._stacks: dict[str, dict[int, Lazy]] = {}

    def prepare(self, config: Config) -> Config:
        """The vocabulary is the full one, with the places for pictures and sound. Every layer has a width of its own,
        if only by transformers' configuration class."""
        width = config.get("intermediate_size", 16384)
        layers = bounded("num_hidden_layers", config["num_hidden_layers"])
        widths = width if isinstance(width, list) else [width] * layers
        return super().prepare(config).without("vocab_size_per_layer_input").with_values(intermediate_size=widths)

    def rename(self, name: str) -> str | None:
        return super().rename(f"{name}.weight" if name.endswith("_scale") else name)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if "embed_tokens.weight" in name or "embed_tokens_per_layer" in name:
            yield name, _padded(tensor, int(self.config.get("vocab_size", 262400)))
            return
        kind = next((stack for stack in _STACKS if f"{stack}." in name), None)
        if kind is None or block is None:
            yield name, tensor
            return
        parts = self._stacks.setdefault(kind, {})
        parts[block] = tensor
        if len(parts) == 3:
            yield f"model.{kind}.weight", lazy.stacked([part for _, part in sorted(parts.items())])

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config = self.config
        keys.add_altup_active_idx(config["altup_active_idx"])
        keys.add_altup_num_inputs(config["altup_num_inputs"])
        keys.add_embedding_length_per_layer_input(config["hidden_size_per_layer_input"])
        keys.add_shared_kv_layers(config["num_kv_shared_layers"])
        keys.add_activation_sparsity_scale([_deviations(share) for share in config["activation_sparsity_pattern"]])
        keys.add_sliding_window_pattern(swa_pattern(config))


def _padded(tensor: Lazy, rows: int) -> Lazy:
    """Zeros for tokens whose embeddings come from pictures and sound."""
    missing = rows - tensor.shape[0]
    return (
        lazy.concatenated([tensor, lazy.zeros((missing, *tensor.shape[1:]), tensor.dtype)]) if missing > 0 else tensor
    )


def _deviations(share: float) -> float:
    """How many standard deviations cut off that share of a normal distribution."""
    return NormalDist().inv_cdf(share) if share > 0 else float("-inf")


FAMILIES = (Gemma3n,)
