"""Rotary position keys and tensors (conversion/base.py TextModel, conversion/llama.py)."""

from __future__ import annotations

import math
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

from .config import Config
from .keys import Keys


def rope_parameters(config: Config) -> dict[str, Any]:
    """rope_parameters (or the older rope_scaling) with the plain keys of the configuration mirrored into it."""
    found = config.find("rope_parameters") if "rope_parameters" in config else config.get("rope_scaling")
    rope: dict[str, Any] = dict(found) if isinstance(found, dict) else {}
    if "full_attention" in rope or "sliding_attention" in rope:
        return rope
    local = config.find(
        "local_rope_theta", "rope_local_theta", "rope_theta_local", "swa_rope_theta", "rope_local_base_freq"
    )
    if local is not None:
        rope["sliding_attention"] = {"rope_theta": local}
    mirrored = {
        "rope_theta": config.find(
            "global_rope_theta", "rope_global_theta", "rope_theta_global", "rope_theta", "rotary_emb_base"
        ),
        "rope_type": rope.get("type"),
        "partial_rotary_factor": config.find("partial_rotary_factor", "rope_pct", "rope_percent"),
        "original_max_position_embeddings": config.find("original_max_position_embeddings"),
    }
    for key, value in mirrored.items():
        if key not in rope and value is not None:
            rope[key] = value
    return rope


def global_rope(rope: dict[str, Any]) -> dict[str, Any]:
    """The parameters of layers with full attention."""
    inner = rope.get("full_attention", rope)
    return inner if isinstance(inner, dict) else {}


def write_rope(rope: dict[str, Any], keys: Keys) -> None:
    """Scaling, sections and base frequencies, in the reference's order."""
    main = global_rope(rope)
    _write_scaling(main, keys)
    if "mrope_section" in rope:
        sections = [*rope["mrope_section"], 0, 0, 0, 0]
        keys.add_rope_dimension_sections(sections[:4])
    if (theta := main.get("rope_theta")) is not None:
        keys.add_rope_freq_base(theta)
    if (theta := (rope.get("sliding_attention") or {}).get("rope_theta")) is not None:
        keys.add_rope_freq_base_swa(theta)


def _write_scaling(main: dict[str, Any], keys: Keys) -> None:
    kind, factor = main.get("rope_type"), main.get("factor")
    if kind in ("su", "longrope"):
        keys.add_rope_scaling_type(gguf.RopeScalingType.LONGROPE)
    elif kind == "linear" and factor is not None:
        keys.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        keys.add_rope_scaling_factor(factor)
    elif kind == "yarn" and factor is not None:
        keys.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        keys.add_rope_scaling_factor(factor)
        keys.add_rope_scaling_orig_ctx_len(Config(main)["original_max_position_embeddings"])
        optional = {
            "extrapolation_factor": keys.add_rope_scaling_yarn_ext_factor,
            "attention_factor": keys.add_rope_scaling_yarn_attn_factor,
            "beta_fast": keys.add_rope_scaling_yarn_beta_fast,
            "beta_slow": keys.add_rope_scaling_yarn_beta_slow,
        }
        values = {"attention_factor": main.get("attn_factor"), **main}
        for name, add in optional.items():
            if (value := values.get(name)) is not None:
                add(value)


def frequencies(theta: float, size: int) -> NDArray[np.float32]:
    """How fast each pair of a head's `size` numbers turns, in radians a token."""
    exponents = np.arange(0, size, 2, dtype=np.float32) / np.float32(size)
    powers: NDArray[np.float32] = np.power(np.float64(theta), exponents.astype(np.float64)).astype(np.float32)
    return np.float32(1) / powers


def llama3_factors(rope: dict[str, Any], head_size: int) -> NDArray[np.float32] | None:
    """Llama 3.1's frequency factors, the tensor `rope_freqs.weight`; None for other kinds of scaling. Every step is
    rounded to float32 where torch rounds it (a number divided by a tensor is its reciprocal times the number)."""
    main = global_rope(rope)
    if str(main.get("rope_type", "")).lower() != "llama3":
        return None
    one, turn = np.float32(1), np.float32(2 * math.pi)
    waves = (one / frequencies(main.get("rope_theta", 10000.0), head_size)) * turn
    factor = np.float32(main.get("factor", 8.0))
    low, high = main.get("low_freq_factor", 1.0), main.get("high_freq_factor", 4.0)
    context = main.get("original_max_position_embeddings", 8192)
    between = high - low or math.inf  # Llama 4 names the same bound twice: no wave lies between
    smooth = ((one / waves) * np.float32(context) - np.float32(low)) / np.float32(between)
    blended = one / ((one - smooth) / factor + smooth)
    short, long = waves < np.float32(context / high), waves > np.float32(context / low)
    return np.where(short, one, np.where(long, factor, blended)).astype(np.float32)
