"""A Llama of about one gigabyte to measure with: random BF16 weights, a small trained tokenizer, and a sparse giant."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

VOCABULARY = 32_000


@dataclass(frozen=True)
class Shape:
    """The dimensions of a Llama. The default has 551 million weights, 1.1 GB in BF16."""

    hidden: int = 1536
    feed_forward: int = 4096
    layers: int = 18
    heads: int = 12
    kv_heads: int = 4

    def tensors(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        key_rows = self.hidden // self.heads * self.kv_heads
        yield "model.embed_tokens.weight", (VOCABULARY, self.hidden)
        for layer in range(self.layers):
            block = f"model.layers.{layer}."
            yield block + "input_layernorm.weight", (self.hidden,)
            yield block + "mlp.down_proj.weight", (self.hidden, self.feed_forward)
            yield block + "mlp.gate_proj.weight", (self.feed_forward, self.hidden)
            yield block + "mlp.up_proj.weight", (self.feed_forward, self.hidden)
            yield block + "post_attention_layernorm.weight", (self.hidden,)
            yield block + "self_attn.k_proj.weight", (key_rows, self.hidden)
            yield block + "self_attn.o_proj.weight", (self.hidden, self.hidden)
            yield block + "self_attn.q_proj.weight", (self.hidden, self.hidden)
            yield block + "self_attn.v_proj.weight", (key_rows, self.hidden)
        yield "model.norm.weight", (self.hidden,)
        yield "lm_head.weight", (VOCABULARY, self.hidden)


GIANT = Shape(hidden=5120, feed_forward=16384, layers=30, heads=40, kv_heads=8)  # 20 GB


def write_checkpoint(folder: Path, shape: Shape, *, sparse: bool = False) -> int:
    """config.json, a tokenizer and one safetensors file; returns the bytes of the weights. `sparse`: all zeros, holes
    on the disk."""
    folder.mkdir(parents=True)
    config: dict[str, Any] = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": shape.hidden,
        "intermediate_size": shape.feed_forward,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "vocab_size": VOCABULARY,
        "max_position_embeddings": 4096,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "hidden_act": "silu",
        "torch_dtype": "bfloat16",
        "tie_word_embeddings": False,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "tokenizer.model").write_bytes(_tokenizer())
    return _write_weights(folder / "model.safetensors", shape, sparse)


def _write_weights(path: Path, shape: Shape, sparse: bool) -> int:
    header: dict[str, Any] = {}
    position = 0
    for name, dimensions in shape.tensors():
        end = position + 2 * prod(dimensions)
        header[name] = {"dtype": "BF16", "shape": list(dimensions), "data_offsets": [position, end]}
        position = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    random = np.random.default_rng(1)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        if sparse:
            file.truncate(8 + len(text) + position)
            return position
        for _, dimensions in shape.tensors():
            weights = random.standard_normal(prod(dimensions), dtype=np.float32) * np.float32(0.02)
            file.write((weights.view(np.uint32) >> np.uint32(16)).astype(np.uint16).tobytes())
    return position


def _tokenizer() -> bytes:
    """A SentencePiece model of a few hundred pieces; the converter fills the rest of the vocabulary up."""
    import sentencepiece

    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["the quick brown fox jumps over the lazy dog"] * 50),
        model_writer=made,
        vocab_size=300,
        model_type="bpe",
        byte_fallback=True,
        hard_vocab_limit=False,
        minloglevel=3,
    )
    return made.getvalue()
