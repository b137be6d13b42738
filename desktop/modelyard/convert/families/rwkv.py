"""RWKV 6 and 7, and models made from others by replacing their attention with RWKV's (conversion/rwkv.py)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .. import lazy
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..model import Model
from ..vocab.bpe import write_bpe
from ..vocab.rwkv import has_rwkv, write_rwkv
from ..vocab.spm import has_spm, write_spm

_NO_LIMIT = 2**20


class _Rwkv(Family):
    """Every tensor is a `.weight` or a `.bias`, also where the checkpoint's is neither."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._mixed: dict[int, dict[str, Lazy]] = {}

    def mapped(self, name: str) -> str:
        """llama.cpp's name; the checkpoint's where there is none, which is told later."""
        found = self.names.find(name) or name
        return found if found.endswith((".weight", ".bias")) else f"{found}.weight"

    def fuse(self, block: int, part: str, tensor: Lazy, order: Names) -> Lazy | None:
        """The factors that mix a token with the one before, as one tensor [parts, *shape] as soon as all are there."""
        parts = self._mixed.setdefault(block, {})
        parts[part] = tensor
        if any(each not in parts for each in order):
            return None
        del self._mixed[block]
        return lazy.joined([parts[each] for each in order], (len(order), *tensor.shape))

    def is_own_name(self, name: str) -> bool:
        return name.endswith(".time_mix_lerp_fused.weight")

    def finish(self) -> Named:
        for block in self._mixed:
            raise self.missing(f"blk.{block}.time_mix_lerp_fused.weight")
        yield from super().finish()

    def write_start(self, keys: Keys) -> None:
        keys.add_context_length(_NO_LIMIT)
        keys.add_embedding_length(self.config["hidden_size"])
        keys.add_block_count(self.blocks)

    def write_vocabulary(self, keys: Keys) -> None:
        if has_rwkv(self.model):
            write_rwkv(self.model, keys)
        elif has_spm(self.model):
            write_spm(self.model, keys)
        else:
            write_bpe(self.model, keys)


class Rwkv6(_Rwkv):
    title = "RWKV 6"
    proof = "reference"
    classes: ClassVar[Names] = ("Rwkv6ForCausalLM",)
    arch = "rwkv6"

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        target = self.mapped(name)
        if target.endswith(
            ("time_mix_w1.weight", "time_mix_w2.weight", "time_mix_decay_w1.weight", "time_mix_decay_w2.weight")
        ):
            tensor = lazy.transposed(tensor)
        if target.endswith("time_mix_decay.weight") or "lerp" in target:
            tensor = lazy.squeezed(tensor)
        every = int(self.config.get("rescale_every") or 0)
        if every > 0 and block is not None and target.endswith(("time_mix_output.weight", "channel_mix_value.weight")):
            divisor = np.float32(2 ** (block // every))
            tensor = lazy.mapped(tensor, lambda values: values / divisor)
        if block is None or "time_mix_lerp" not in target or "time_mix_lerp_x" in target:
            yield target, tensor
            return
        part = target.removesuffix(".weight").rpartition("_")[2]
        if (fused := self.fuse(block, part, tensor, ("w", "k", "v", "r", "g"))) is not None:
            yield f"blk.{block}.time_mix_lerp_fused.weight", lazy.reshaped(fused, (5, 1, 1, tensor.columns))

    def write_parameters(self, keys: Keys) -> None:
        config, width = self.config, int(self.config["hidden_size"])
        length = config["intermediate_size"]
        self.write_start(keys)
        keys.add_layer_norm_eps(config["layer_norm_epsilon"])
        keys.add_rescale_every_n_layers(config["rescale_every"])
        keys.add_wkv_head_size(config["head_size"])
        keys.add_time_mix_extra_dim(64 if width == 4096 else 32)
        keys.add_time_decay_extra_dim(128 if width == 4096 else 64)
        keys.add_feed_forward_length(length if length is not None else int((width * 3.5) // 32 * 32))
        keys.add_file_type()
        keys.add_head_count(0)


class Rwkv6Qwen2(Rwkv6):
    title = "QRWKV 6"
    proof = "reference"
    classes: ClassVar[Names] = ("RWKV6Qwen2ForCausalLM",)
    arch = "rwkv6qwen2"

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        for target, changed in super().change(name, tensor, block):
            if "time_mix_w1" in target or "time_mix_w2" in target:
                yield target, _reordered(changed)
            else:
                yield target, changed

    def write_parameters(self, keys: Keys) -> None:
        config, width = self.config, int(self.config["hidden_size"])
        large = width >= 4096
        self.write_start(keys)
        keys.add_wkv_head_size(width // config["num_attention_heads"])
        keys.add_time_mix_extra_dim(config.get("lora_rank_tokenshift", 64 if large else 32))
        keys.add_time_decay_extra_dim(config.get("lora_rank_decay", 128 if large else 64))
        keys.add_feed_forward_length(config["intermediate_size"])
        keys.add_file_type()
        keys.add_layer_norm_rms_eps(config["rms_norm_eps"])
        keys.add_token_shift_count(1)
        keys.add_head_count_kv(config["num_key_value_heads"])
        keys.add_head_count(0)


def _reordered(tensor: Lazy) -> Lazy:
    """Five matrices one after the other, stored in the order r, k, v, w, g: here w, k, v, r, g."""
    each = tensor.rows // 5
    index = (np.array([3, 1, 2, 0, 4])[:, None] * each + np.arange(each)).reshape(-1)
    return lazy.gathered(tensor, index, tensor.shape[:-1])


# From the names of fla-hub's program to those of RWKV's own.
_FROM_FLA = (
    ("blocks", "layers"),
    ("ffn", "feed_forward"),
    ("self_attn", "attention"),
    ("attn", "attention"),
    ("time_mixer.", ""),
    ("feed_forward_norm", "ln2"),
    ("g_norm", "ln_x"),
)
_LOW_RANK = (
    ("_lora.lora.0.weight", "1.weight"),
    ("_lora.lora.2.weight", "2.weight"),
    ("_lora.lora.2.bias", "0.weight"),
)


class Rwkv7(_Rwkv):
    title = "RWKV 7"
    proof = "reference"
    classes: ClassVar[Names] = ("Rwkv7ForCausalLM", "RWKV7ForCausalLM")
    arch = "rwkv7"

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._transposes = True

    def rename(self, name: str) -> str | None:
        for old, new in _FROM_FLA:
            name = name.replace(old, new)
        return super().rename(name)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if "_lora.lora" in name:
            self._transposes = False
        for old, new in _LOW_RANK:
            name = name.replace(old, new)
        if block == 0 and "attention.v" in name and "value" not in self.mapped(name):
            return  # the first layer has no use for them
        if block is not None and "attention.x_" in name:
            yield from self._mix(name, tensor, block)
            return
        tensor, target = lazy.squeezed(tensor), self.mapped(name)
        low_rank = [f"time_mix_{letter}{number}.weight" for letter in "wavg" for number in (1, 2)]
        if self._transposes and target.endswith(tuple(low_rank)):
            tensor = lazy.transposed(tensor)
        if "r_k" in target:
            tensor = lazy.reshaped(tensor, (tensor.rows * tensor.columns,))
        if block == 0 and "time_mix_a" in target:  # llama.cpp wants something there
            yield target.replace("time_mix_a", "time_mix_v"), tensor
        yield target, tensor

    def _mix(self, name: str, tensor: Lazy, block: int) -> Named:
        target = f"blk.{block}.time_mix_lerp_fused.weight"
        order = tuple("rwkvag" if self.config.get("wkv_has_gate", True) else "rwkva")
        if "attention.x_x" in name:  # fused already
            yield target, lazy.reshaped(tensor, (len(order), 1, 1, tensor.rows * tensor.columns // len(order)))
        elif (fused := self.fuse(block, name.rpartition("x_")[2], tensor, order)) is not None:
            yield target, fused

    def write_parameters(self, keys: Keys) -> None:
        config, width = self.config, int(self.config["hidden_size"])
        older = "head_size" in config and "layer_norm_epsilon" in config
        length = config["intermediate_size"]
        self.write_start(keys)
        keys.add_layer_norm_eps(config["layer_norm_epsilon" if older else "norm_eps"])
        keys.add_wkv_head_size(config["head_size" if older else "head_dim"])
        keys.add_decay_lora_rank(self._rank("decay", "decay", _rank_of(width, 0.5, 1.8)))
        keys.add_iclr_lora_rank(self._rank("iclr", "a", _rank_of(width, 0.5, 1.8)))
        keys.add_value_residual_mix_lora_rank(self._rank("value_residual_mix", "v", _rank_of(width, 0.5, 1.3)))
        keys.add_gate_lora_rank(self._rank("gate", "gate", _rank_of(width, 0.8, 0.6)))
        keys.add_feed_forward_length(length if length is not None else width * 4)
        keys.add_file_type()
        keys.add_head_count(0)

    def _rank(self, name: str, short: str, usual: int) -> Any:
        key = f"lora_rank_{name}"
        found = self.config[key] if key in self.config else self.config[f"{short}_low_rank_dim"]
        return usual if found is None else found


def _rank_of(width: int, exponent: float, factor: float) -> int:
    return int(max(1, round(width**exponent * factor / 32)) * 32)


class Arwkv7(Rwkv7):
    title = "ARWKV 7"
    proof = "reference"
    classes: ClassVar[Names] = ("RwkvHybridForCausalLM",)
    arch = "arwkv7"

    def write_parameters(self, keys: Keys) -> None:
        config = self.config
        if config["wkv_version"] != 7:
            raise ValueError(f"version {config['wkv_version']}")
        self.write_start(keys)
        keys.add_layer_norm_rms_eps(config["rms_norm_eps"])
        keys.add_wkv_head_size(config["head_size"])
        keys.add_decay_lora_rank(64)
        keys.add_iclr_lora_rank(64)
        keys.add_value_residual_mix_lora_rank(32)
        keys.add_gate_lora_rank(128 if config["wkv_has_gate"] else 0)
        keys.add_feed_forward_length(config["intermediate_size"])
        keys.add_file_type()
        keys.add_token_shift_count(1)
        keys.add_head_count(0)


FAMILIES = (Rwkv6, Rwkv6Qwen2, Rwkv7, Arwkv7)
