"""StepFun's Step 3.5 and 3.7: sliding and full attention with heads of their own (conversion/step3.py)."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from .. import lazy
from ..config import Config
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..rope import frequencies, global_rope

_SQUEEZED = (".self_attn.g_proj.weight", ".moe.gate.weight", ".moe.up_proj.weight", ".moe.gate_proj.weight")
_FULL = 0.5  # the part of a head that layers with full attention rotate


class Step35(Family):
    title = "Step 3.5 Flash"
    proof = "reference"
    classes: ClassVar[Names] = ("Step3p5ForCausalLM",)
    text_only: ClassVar[Names] = ("Step3p7ForConditionalGeneration",)
    arch = "step35"
    plus_one: ClassVar[Names] = ("norm.weight",)
    keeps_ahead: ClassVar[bool] = True

    def prepare(self, config: Config) -> Config:
        """Several bases: the first is that of full attention, the second of sliding windows."""
        theta = config.get("rope_theta")
        if not isinstance(theta, list):
            return config
        return config.with_values(rope_theta=float(theta[0]), local_rope_theta=float(theta[1]))

    def rename(self, name: str) -> str | None:
        renamed = super().rename(f"{name}.bias" if name.endswith(".moe.router_bias") else name)
        if renamed is None or not self.is_ahead(renamed):
            return renamed
        return renamed.replace(".transformer.", ".").replace("shared_head.output", "shared_head.head")

    def extra_tensors(self, keys: Keys) -> Named:
        """Llama 3's factors for the rotated part of full attention; one for what only sliding windows rotate."""
        rope = global_rope(self.rope)
        if str(rope.get("rope_type") or "").lower() == "llama3":
            size = self.config.head_size
            layers = zip(self.config["layer_types"], self.config["partial_rotary_factors"], strict=False)
            shares = [float(share) for kind, share in layers if kind == "full_attention"]
            factors = _factors(rope, float(self.config.get("rope_theta", 10000.0)), int(size * shares[0]))
            yield "rope_freqs.weight", lazy.constant(factors + [1.0] * (size // 2 - len(factors)))

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if name.endswith((*_SQUEEZED, ".moe.down_proj.weight")):
            tensor = lazy.squeezed(tensor)
        yield from super().change(name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config = self.config
        sliding = [kind == "sliding_attention" for kind in self._of_each("layer_types", "full_attention")]
        rotated = self._of_each("partial_rotary_factors", _FULL)
        if rotated != [1.0 if window else _FULL for window in sliding]:
            raise ValueError(f"partial_rotary_factors {rotated}")
        other = config.get("attention_other_setting") or {}
        for add, key in (
            (keys.add_head_count, "num_attention_heads"),
            (keys.add_head_count_kv, "num_attention_groups"),
        ):
            full = config[key]
            add([other.get(key, full) if window else full for window in sliding])
        keys.add_sliding_window(config["sliding_window"])
        keys.add_sliding_window_pattern(sliding)
        keys.add_value_length(config["head_dim"])
        self._write_experts(keys)
        keys.add_layer_norm_rms_eps(config.get("rms_norm_eps", 1e-5))
        for clamp, key in (
            (keys.add_swiglu_clamp_exp, "swiglu_limits"),
            (keys.add_swiglu_clamp_shexp, "swiglu_limits_shared"),
        ):
            if config.get(key) is not None:
                clamp([float(limit or 0.0) for limit in self._of_each(key, 0.0)])
        if self.ahead:
            keys.add_nextn_predict_layers(self.ahead)

    def _of_each(self, key: str, default: Any) -> list[Any]:
        """One value a layer; lists that end early go on with `default`."""
        values = list(self.config.get(key) or [])[: self.blocks]
        return values + [default] * (self.blocks - len(values))

    def _write_experts(self, keys: Keys) -> None:
        config = self.config
        keys.add_expert_count(config["moe_num_experts"])
        keys.add_expert_used_count(config["moe_top_k"])
        keys.add_expert_feed_forward_length(config["moe_intermediate_size"])
        keys.add_expert_shared_feed_forward_length(config["share_expert_dim"])
        if (scale := config.get("moe_router_scaling_factor")) is not None:
            keys.add_expert_weights_scale(scale)
        if (norm := config.get("norm_expert_weight")) is not None:
            keys.add_expert_weights_norm(norm)
        layers = config.get("moe_layers_enum")
        numbers = [int(each) for each in layers.split(",")] if isinstance(layers, str) and layers.strip() else [0]
        keys.add_leading_dense_block_count(max(0, min(numbers)))
        keys.add_moe_every_n_layers(int(config.get("moe_every_n_layer", 1)))


def _factors(rope: dict[str, Any], theta: float, size: int) -> list[float]:
    """As rope.llama3_factors, but in double precision."""
    factor, low = float(rope.get("factor", 8.0)), float(rope.get("low_freq_factor", 1.0))
    high, context = float(rope.get("high_freq_factor", 4.0)), int(rope.get("original_max_position_embeddings", 8192))
    found = []
    for frequency in frequencies(theta, size):
        wave = 2 * math.pi / float(frequency)
        if wave < context / high:
            found.append(1.0)
        elif wave > context / low:
            found.append(factor)
        else:
            smooth = (context / wave - low) / (high - low)
            found.append(1.0 / ((1.0 - smooth) / factor + smooth))
    return found


FAMILIES = (Step35,)
