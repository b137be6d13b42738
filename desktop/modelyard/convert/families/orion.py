"""OrionStar's Orion (conversion/orion.py)."""

from __future__ import annotations

from typing import ClassVar

from ..family import Family, Names
from ..keys import Keys
from ..vocab.spm import write_spm


class Orion(Family):
    title = "Orion"
    proof = "reference"
    classes: ClassVar[Names] = ("OrionForCausalLM",)
    arch = "orion"

    def write_parameters(self, keys: Keys) -> None:
        """The configuration speaks of RMS norms; the model has ordinary ones."""
        config = self.config
        context = next(
            config[key]
            for key in ("max_sequence_length", "max_position_embeddings", "model_max_length")
            if key in config or key == "model_max_length"
        )
        heads = config["num_attention_heads"]
        keys.add_file_type()
        keys.add_tensor_data_layout("Meta AI original pth")
        keys.add_context_length(context)
        keys.add_embedding_length(config["hidden_size"])
        keys.add_block_count(self.blocks)
        keys.add_feed_forward_length(config["intermediate_size"])
        keys.add_head_count(heads)
        keys.add_head_count_kv(config.get("num_key_value_heads", heads))
        keys.add_layer_norm_eps(config["rms_norm_eps"])

    def write_vocabulary(self, keys: Keys) -> None:
        write_spm(self.model, keys)


FAMILIES = (Orion,)
