"""Xiaomi's MiMo V2: sliding windows with sinks between full attention (conversion/mimo.py)."""

from __future__ import annotations

import re
from typing import ClassVar

from ..family import Family, Names
from ..keys import Keys
from ..rope import global_rope

_AHEAD = 3  # layers that predict a further token; no configuration tells their number
_AHEAD_LAYER = re.compile(r"model\.mtp\.layers\.(\d+)\.(.+)")


class MimoV2(Family):
    """The layers that predict a further token come after the others and are kept."""

    title = "MiMo V2"
    proof = "reference"
    classes: ClassVar[Names] = ("MiMoV2FlashForCausalLM", "MiMoV2ForCausalLM")
    arch = "mimo2"
    experts: ClassVar[Names] = ("gate_proj", "up_proj", "down_proj")

    def count_blocks(self) -> int:
        return int(self.config["num_hidden_layers"]) + _AHEAD

    def rename(self, name: str) -> str | None:
        if "attention_sink" in name and not name.endswith(".weight"):
            name = f"{name}.weight"
        renamed = super().rename(name)
        found = _AHEAD_LAYER.fullmatch(renamed or "")
        return f"model.layers.{self.blocks - _AHEAD + int(found[1])}.{found[2]}" if found else renamed

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config = self.config
        same = (("swa_head_dim", "head_dim"), ("swa_num_attention_heads", "num_attention_heads"))
        if any(config[one] != config[other] for one, other in (*same, ("swa_v_head_dim", "v_head_dim"))):
            raise ValueError("heads of two sizes")
        if config["topk_method"] != "noaux_tc":
            raise ValueError(f"topk_method {config['topk_method']}")
        windows = [*config["hybrid_layer_pattern"], *[1] * _AHEAD]
        full, sliding = config["num_key_value_heads"], config["swa_num_key_value_heads"]
        keys.add_head_count_kv([sliding if window == 1 else full for window in windows])
        keys.add_sliding_window(config["sliding_window"])
        keys.add_sliding_window_pattern(windows)
        keys.add_value_length(config["v_head_dim"])
        keys.add_expert_count(config["n_routed_experts"])
        keys.add_expert_feed_forward_length(config["moe_intermediate_size"])
        keys.add_rope_dimension_count(int(config["head_dim"] * global_rope(self.rope)["partial_rotary_factor"]))
        keys.add_layer_norm_rms_eps(config.get("layernorm_epsilon", 1e-5))
        if (scale := config.get("attention_value_scale")) is not None:
            keys.add_attn_value_scale(float(scale))
        keys.add_nextn_predict_layers(_AHEAD)


FAMILIES = (MimoV2,)
