"""Llama and GPT-2 in float64, base and add-on kept apart: y = W x + s × B (A x). The judge of merged models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
HEADS, KEY_HEADS, LAYERS, EPSILON, ROPE = 4, 2, 2, 1e-5, 10000.0


@dataclass(frozen=True)
class Apart:
    """weights: the base's by its names. adapter: A and B by PEFT's names. scales: of a module, 1 if it has no pair.
    columns_first: linear weights are stored (inputs, outputs)."""

    weights: Mapping[str, Array]
    adapter: Mapping[str, Array] = field(default_factory=dict)
    scales: Mapping[str, float] = field(default_factory=dict)
    columns_first: bool = False

    def __getitem__(self, name: str) -> Array:
        return self.weights[name].astype(np.float64)

    def linear(self, module: str, x: Array) -> Array:
        weight = self[f"{module}.weight"]
        y = x @ (weight if self.columns_first else weight.T)
        if f"{module}.bias" in self.weights:
            y = y + self[f"{module}.bias"]
        stem = f"base_model.model.{module}.lora_"
        if f"{stem}A.weight" in self.adapter:
            down, up = (self.adapter[f"{stem}{each}.weight"].astype(np.float64) for each in "AB")
            y = y + self.scales[module] * (x @ down.T) @ up.T
        return y

    def embedded(self, module: str, ids: Sequence[int]) -> Array:
        x = self[f"{module}.weight"][list(ids)]
        stem = f"base_model.model.{module}.lora_embedding_"
        if f"{stem}A" in self.adapter:
            down, up = (self.adapter[f"{stem}{each}"].astype(np.float64) for each in "AB")
            x = x + self.scales[module] * down.T[list(ids)] @ up.T
        return x


def llama(model: Apart, ids: Sequence[int]) -> Array:
    """Log-probabilities of the token after `ids`. Without lm_head the base's embedding is the output."""
    x = model.embedded("model.embed_tokens", ids)
    for layer in range(LAYERS):
        stem = f"model.layers.{layer}."
        y = _rms(x, model[f"{stem}input_layernorm.weight"])
        q, k, v = (model.linear(f"{stem}self_attn.{part}_proj", y) for part in "qkv")
        q, k = _rotated(q, HEADS), _rotated(k, KEY_HEADS)
        x = x + model.linear(f"{stem}self_attn.o_proj", _attention(q, k, _heads(v, KEY_HEADS)))
        y = _rms(x, model[f"{stem}post_attention_layernorm.weight"])
        gate = model.linear(f"{stem}mlp.gate_proj", y)
        y = gate / (1 + np.exp(-gate)) * model.linear(f"{stem}mlp.up_proj", y)
        x = x + model.linear(f"{stem}mlp.down_proj", y)
    x = _rms(x, model["model.norm.weight"])[-1:]
    own = "lm_head.weight" in model.weights
    return _log_softmax(model.linear("lm_head" if own else "model.embed_tokens", x)[0])


def gpt2(model: Apart, ids: Sequence[int]) -> Array:
    stem = "transformer."
    x = model.embedded(f"{stem}wte", ids) + model[f"{stem}wpe.weight"][: len(ids)]
    for layer in range(LAYERS):
        here = f"{stem}h.{layer}."
        y = _norm(x, model, f"{here}ln_1")
        q, k, v = np.split(model.linear(f"{here}attn.c_attn", y), 3, axis=1)
        x = x + model.linear(f"{here}attn.c_proj", _attention(*(_heads(part, HEADS) for part in (q, k, v))))
        y = model.linear(f"{here}mlp.c_fc", _norm(x, model, f"{here}ln_2"))
        y = 0.5 * y * (1 + np.tanh(np.sqrt(2 / np.pi) * (y + 0.044715 * y**3)))
        x = x + model.linear(f"{here}mlp.c_proj", y)
    x = _norm(x, model, f"{stem}ln_f")
    return _log_softmax(x[-1] @ model[f"{stem}wte.weight"].T)


def _heads(x: Array, heads: int) -> Array:
    return x.reshape(len(x), heads, -1).swapaxes(0, 1)


def _rotated(x: Array, heads: int) -> Array:
    x = _heads(x, heads)
    half = x.shape[-1] // 2
    angles = np.outer(np.arange(x.shape[1]), ROPE ** (-np.arange(half) / half))
    left, right = x[..., :half], x[..., half:]
    cos, sin = np.cos(angles), np.sin(angles)
    return np.concatenate([left * cos - right * sin, right * cos + left * sin], axis=-1)


def _attention(q: Array, k: Array, v: Array) -> Array:
    k, v = (np.repeat(each, len(q) // len(each), axis=0) for each in (k, v))
    scores = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
    scores = np.where(np.tril(np.ones(scores.shape[1:], bool)), scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    out = weights / weights.sum(-1, keepdims=True) @ v
    return out.swapaxes(0, 1).reshape(q.shape[1], -1)


def _rms(x: Array, weight: Array) -> Array:
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + EPSILON) * weight


def _norm(x: Array, model: Apart, name: str) -> Array:
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + EPSILON)
    return x * model[f"{name}.weight"] + model[f"{name}.bias"]


def _log_softmax(x: Array) -> Array:
    x = x - x.max()
    return x - np.log(np.exp(x).sum())
