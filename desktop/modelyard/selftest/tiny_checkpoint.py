"""A tiny Llama checkpoint as Hugging Face keeps it: random weights, a byte-fallback tokenizer, a chat template.

It converts, quantizes to every size and runs in llama.cpp; what it says makes no sense. The self-test of what ships
uses it, and so do our tests.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
_PIECES = ["▁", *"abcdefghijklmnopqrstuvwxyz", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ", *"0123456789.,!?"]


def write_tiny_llama(
    folder: Path, *, layers: int = 2, width: int = 256, shards: int = 1, seed: int = 0, name: str = ""
) -> Path:
    """About 2 MB with the default shape (BF16). `shards` > 1 writes an index.json too."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *_PIECES]
    write_weights(folder, tiny_weights(len(vocabulary), layers, width, seed), shards)
    _write_json(folder / "config.json", tiny_config(len(vocabulary), layers, width, name))
    _write_json(folder / "generation_config.json", {"bos_token_id": 1, "eos_token_id": 2})
    _write_json(folder / "tokenizer.json", _tokenizer(vocabulary))
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "LlamaTokenizerFast",
            "bos_token": "<s>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "add_bos_token": True,
            "chat_template": TEMPLATE,
        },
    )
    return folder


def tiny_config(vocabulary: int, layers: int, width: int, name: str) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "_name_or_path": name,
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "vocab_size": vocabulary,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "hidden_act": "silu",
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
    }


def tiny_weights(vocabulary: int, layers: int, width: int, seed: int) -> dict[str, NDArray[np.uint16]]:
    """BF16 bits of normally distributed weights, by their names on Hugging Face."""
    chance = np.random.default_rng(seed)

    def matrix(rows: int, columns: int) -> NDArray[np.uint16]:
        values = (chance.standard_normal((rows, columns)) * 0.05).astype(np.float32)
        return (values.view(np.uint32) >> 16).astype(np.uint16)

    ones = np.full(width, 0x3F80, np.uint16)
    tensors = {
        "model.embed_tokens.weight": matrix(vocabulary, width),
        "model.norm.weight": ones,
        "lm_head.weight": matrix(vocabulary, width),
    }
    for layer in range(layers):
        stem = f"model.layers.{layer}."
        tensors |= {
            stem + "input_layernorm.weight": ones,
            stem + "post_attention_layernorm.weight": ones,
            stem + "self_attn.q_proj.weight": matrix(width, width),
            stem + "self_attn.k_proj.weight": matrix(width // 2, width),
            stem + "self_attn.v_proj.weight": matrix(width // 2, width),
            stem + "self_attn.o_proj.weight": matrix(width, width),
            stem + "mlp.gate_proj.weight": matrix(2 * width, width),
            stem + "mlp.up_proj.weight": matrix(2 * width, width),
            stem + "mlp.down_proj.weight": matrix(width, 2 * width),
        }
    return tensors


def write_weights(folder: Path, tensors: dict[str, NDArray[np.uint16]], shards: int) -> None:
    if shards == 1:
        _write_safetensors(folder / "model.safetensors", tensors)
        return
    names = sorted(tensors)
    where: dict[str, str] = {}
    for number in range(shards):
        file = f"model-{number + 1:05d}-of-{shards:05d}.safetensors"
        part = {name: tensors[name] for name in names[number::shards]}
        _write_safetensors(folder / file, part)
        where |= dict.fromkeys(part, file)
    total = sum(each.nbytes for each in tensors.values())
    _write_json(folder / "model.safetensors.index.json", {"metadata": {"total_size": total}, "weight_map": where})


def _tokenizer(vocabulary: list[str]) -> dict[str, Any]:
    special = [
        {
            "id": number,
            "content": text,
            "special": True,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
        }
        for number, text in enumerate(vocabulary[:3])
    ]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Prepend", "prepend": "▁"},
                {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
            ],
        },
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "vocab": {text: number for number, text in enumerate(vocabulary)},
            "merges": [],
        },
    }


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


def _write_safetensors(path: Path, tensors: dict[str, NDArray[np.uint16]]) -> None:
    header, at = {}, 0
    for name, bits in tensors.items():
        header[name] = {"dtype": "BF16", "shape": list(bits.shape), "data_offsets": [at, at + bits.nbytes]}
        at += bits.nbytes
    text = json.dumps(header).encode("utf-8")
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(bits.tobytes() for bits in tensors.values()))
