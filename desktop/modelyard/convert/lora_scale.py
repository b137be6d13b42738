"""How strongly a LoRA counts: alpha / r, or alpha / √r (rsLoRA), with other alphas for some modules."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from ..errors import Code, ModelyardError

_MAX_PATTERN = 200
_MAX_REPEATS = 3  # `.*`, `\\d+`: with more of them, or repeated groups, matching could take for ever


def scaling_of(config: Mapping[str, Any], module: str, rank: int, name: str) -> float:
    """The factor of B × A for a module of the base ("model.layers.0.self_attn.q_proj") with this rank.

    Patterns are regular expressions matched as PEFT does (peft/utils/other.py, get_pattern_key).
    Raises ADAPTER_INVALID (no number, a pattern that could run away); `name`: the add-on's, for the message.
    """
    alpha = config.get("lora_alpha", 8)
    patterns = config.get("alpha_pattern")
    for pattern, value in patterns.items() if isinstance(patterns, dict) else ():
        if _matches(pattern, module, name):
            alpha = value
            break
    if type(alpha) not in (int, float) or not math.isfinite(alpha) or rank < 1:
        raise ModelyardError(Code.ADAPTER_INVALID, name=name, detail=f"lora_alpha {str(alpha)[:40]}")
    return float(alpha / math.sqrt(rank) if config.get("use_rslora") else alpha / rank)


def _matches(pattern: str, module: str, name: str) -> bool:
    risky = len(pattern) > _MAX_PATTERN or len(re.findall(r"[*+{]", pattern)) > _MAX_REPEATS
    if risky or re.search(r"\)[*+?{]|\\\d", pattern):
        raise ModelyardError(Code.ADAPTER_INVALID, name=name, detail=f"alpha_pattern {pattern[:60]!r}")
    try:
        return re.match(rf"(.*\.)?({pattern})$", module) is not None
    except re.error as error:
        raise ModelyardError(Code.ADAPTER_INVALID, name=name, detail=f"alpha_pattern {pattern[:60]!r}") from error
