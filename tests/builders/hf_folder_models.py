"""Tiny checkpoints of kinds that llama.cpp's own converter fails on, and a byte-level tokenizer for any of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .safetensors_file import write_safetensors

END = "<|endoftext|>"
VOCABULARY = 258
WIDTH, HEADS, LAYERS = 128, 4, 2


class Weights:
    """Collects random tensors by name, F32."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = np.random.default_rng(seed)
        self.tensors: dict[str, NDArray[Any]] = {}

    def matrix(self, name: str, *shape: int) -> None:
        self.tensors[name] = (self._chance.standard_normal(shape) * 0.05).astype(np.float32)

    def norm(self, name: str, length: int = WIDTH) -> None:
        self.tensors[f"{name}.weight"] = (1 + self._chance.standard_normal(length) * 0.1).astype(np.float32)
        self.tensors[f"{name}.bias"] = np.zeros(length, np.float32)

    def linear(self, name: str, rows: int, columns: int) -> None:
        self.matrix(f"{name}.weight", rows, columns)
        self.matrix(f"{name}.bias", rows)


def write_model(folder: Path, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    write_safetensors(folder / "model.safetensors", tensors)
    write_tokenizer(folder)
    return folder


def write_tokenizer(folder: Path) -> None:
    """Byte-level BPE: 256 letters, one merge (llama.cpp wants one), an end of text."""
    letters = _byte_letters()
    tokenizer = {
        "version": "1.0",
        "added_tokens": [
            {
                "id": 257,
                "content": END,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "vocab": {letter: number for number, letter in enumerate(letters)} | {"he": 256, END: 257},
            "merges": ["h e"],
        },
    }
    settings = {"tokenizer_class": "GPT2Tokenizer", "bos_token": END, "eos_token": END, "unk_token": END}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")


def _byte_letters() -> list[str]:
    """GPT-2's letters for the 256 bytes."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    letters = {byte: chr(byte) for byte in shown} | {byte: chr(256 + n) for n, byte in enumerate(hidden)}
    return [letters[byte] for byte in range(256)]


def write_stablelm(folder: Path) -> Path:
    """StableLM with norms of queries and keys, one a head."""
    weights, size = Weights(1), WIDTH // HEADS
    weights.matrix("model.embed_tokens.weight", VOCABULARY, WIDTH)
    weights.matrix("lm_head.weight", VOCABULARY, WIDTH)
    weights.norm("model.norm")
    for layer in range(LAYERS):
        stem = f"model.layers.{layer}"
        weights.norm(f"{stem}.input_layernorm")
        for part in ("q_proj", "k_proj", "v_proj", "o_proj"):
            weights.matrix(f"{stem}.self_attn.{part}.weight", WIDTH, WIDTH)
        for part in ("q_layernorm", "k_layernorm"):
            for head in range(HEADS):
                weights.matrix(f"{stem}.self_attn.{part}.norms.{head}.weight", size)
        weights.matrix(f"{stem}.mlp.gate_proj.weight", 2 * WIDTH, WIDTH)
        weights.matrix(f"{stem}.mlp.up_proj.weight", 2 * WIDTH, WIDTH)
        weights.matrix(f"{stem}.mlp.down_proj.weight", WIDTH, 2 * WIDTH)
    config = {
        "architectures": ["StableLmForCausalLM"],
        "model_type": "stablelm",
        "vocab_size": VOCABULARY,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS,
        "max_position_embeddings": 256,
        "partial_rotary_factor": 0.25,
        "qk_layernorm": True,
        "use_parallel_residual": True,
    }
    return write_model(folder, config, weights.tensors)


def write_gpt2(folder: Path) -> Path:
    """GPT-2 with the causal masks older files carry."""
    weights, context = Weights(2), 64
    weights.matrix("wte.weight", VOCABULARY, WIDTH)
    weights.matrix("wpe.weight", context, WIDTH)
    weights.norm("ln_f")
    for layer in range(LAYERS):
        stem = f"h.{layer}"
        weights.norm(f"{stem}.ln_1")
        weights.norm(f"{stem}.ln_2")
        for part, rows, columns in (
            ("attn.c_attn", WIDTH, 3 * WIDTH),
            ("attn.c_proj", WIDTH, WIDTH),
            ("mlp.c_fc", WIDTH, 4 * WIDTH),
            ("mlp.c_proj", 4 * WIDTH, WIDTH),
        ):
            weights.matrix(f"{stem}.{part}.weight", rows, columns)
            weights.matrix(f"{stem}.{part}.bias", columns)
        weights.tensors[f"{stem}.attn.bias"] = np.tril(np.ones((1, 1, context, context), np.float32))
        weights.tensors[f"{stem}.attn.masked_bias"] = np.array([-1e4], np.float32)
    config = {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "vocab_size": VOCABULARY,
        "n_embd": WIDTH,
        "n_layer": LAYERS,
        "n_head": HEADS,
        "n_positions": context,
    }
    return write_model(folder, config, weights.tensors)


def write_falcon(folder: Path) -> Path:
    """Falcon with one key head for all queries; its configuration does not name it."""
    weights, size = Weights(3), WIDTH // HEADS
    weights.matrix("transformer.word_embeddings.weight", VOCABULARY, WIDTH)
    weights.matrix("lm_head.weight", VOCABULARY, WIDTH)
    weights.norm("transformer.ln_f")
    for layer in range(LAYERS):
        stem = f"transformer.h.{layer}"
        weights.norm(f"{stem}.input_layernorm")
        weights.matrix(f"{stem}.self_attention.query_key_value.weight", WIDTH + 2 * size, WIDTH)
        weights.matrix(f"{stem}.self_attention.dense.weight", WIDTH, WIDTH)
        weights.matrix(f"{stem}.mlp.dense_h_to_4h.weight", 4 * WIDTH, WIDTH)
        weights.matrix(f"{stem}.mlp.dense_4h_to_h.weight", WIDTH, 4 * WIDTH)
    config = {
        "architectures": ["FalconForCausalLM"],
        "model_type": "falcon",
        "vocab_size": VOCABULARY,
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "multi_query": True,
        "parallel_attn": True,
    }
    return write_model(folder, config, weights.tensors)
