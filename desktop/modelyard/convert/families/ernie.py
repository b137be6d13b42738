"""Baidu's ERNIE 4.5, dense and with experts (conversion/ernie.py)."""

from __future__ import annotations

from typing import ClassVar

from .. import lazy
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..vocab.bpe import write_bpe
from ..vocab.spm import has_pieces, write_spm


class Ernie45(Family):
    title = "ERNIE 4.5"
    proof = "reference"
    classes: ClassVar[Names] = ("Ernie4_5_ForCausalLM", "Ernie4_5ForCausalLM")
    arch = "ernie4_5"

    def rename(self, name: str) -> str | None:
        return super().rename(name.replace("ernie.", "model."))

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """Baidu's own files hold q, k, v together, and gate and up."""
        if "qkv_proj" in name:
            size = self.config.head_size
            sizes = [size * self.config.heads, size * self.config.key_heads, size * self.config.key_heads]
            for part, rows in zip("qkv", lazy.split(tensor, sizes), strict=True):
                yield name.replace("qkv_proj", f"{part}_proj"), rows
        elif "up_gate_proj" in name and ".experts." not in name:
            gate, up = lazy.split(tensor, [tensor.shape[0] // 2] * 2)
            yield name.replace("up_gate_proj", "gate_proj"), gate
            yield name.replace("up_gate_proj", "up_proj"), up
        else:
            yield from super().change(name, tensor, block)

    def write_vocabulary(self, keys: Keys) -> None:
        if not has_pieces(self.model):
            write_bpe(self.model, keys)
            return
        write_spm(self.model, keys)
        settings = self.model.json("tokenizer_config.json") or {}
        if (prefix := settings.get("add_prefix_space")) is not None:
            keys.add_add_space_prefix(bool(prefix))


class PaddleOcr(Ernie45):
    """The text model; its encoder is in projectors/paddle_ocr.py."""

    title = "PaddleOCR-VL"
    classes: ClassVar[Names] = ()
    text_only: ClassVar[Names] = ("PaddleOCRVLForConditionalGeneration",)
    arch = "paddleocr"


class Ernie45Moe(Ernie45):
    title = "ERNIE 4.5 MoE"
    proof = "reference"
    classes: ClassVar[Names] = ("Ernie4_5_MoeForCausalLM",)
    arch = "ernie4_5-moe"
    experts: ClassVar[Names] = ("gate_proj", "up_proj", "down_proj")

    def rename(self, name: str) -> str | None:
        ahead = ("model.mtp_block.", "model.mtp_emb_norm.", "model.mtp_hidden_norm.", "model.mtp_linear_proj.")
        return None if name.startswith(ahead) else super().rename(name)

    @property
    def expert_count(self) -> int:
        return int(self.config["moe_num_experts"])

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        config = self.config
        keys.add_expert_count(config["moe_num_experts"])
        keys.add_expert_used_count(config["moe_k"])
        keys.add_interleave_moe_layer_step(config["moe_layer_interval"])
        keys.add_leading_dense_block_count(config["moe_layer_start_index"])
        if (width := config.get("moe_intermediate_size")) is not None:
            keys.add_expert_feed_forward_length(width)
        if (shared := config.get("moe_num_shared_experts")) is not None:
            keys.add_expert_shared_count(shared)
            if shared > 0 and "intermediate_size" in config:
                keys.add_expert_shared_feed_forward_length(config["intermediate_size"] // config.key_heads)


FAMILIES = (Ernie45, PaddleOcr, Ernie45Moe)
