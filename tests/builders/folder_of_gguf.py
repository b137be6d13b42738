"""A Llama GGUF with a byte-level BPE vocabulary (SmolLM2) taken back to the folder it came from, as Hugging Face keeps
it: weights in BF16, tokenizer.json, configuration. What was lost by quantization stays lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelyard.formats.ggml_types import GgmlType
from modelyard.formats.gguf import read_array, read_header
from modelyard.formats.gguf_values import GgufHeader, GgufTensor
from modelyard.formats.source import FileSource
from modelyard.quantize.ggml import to_float32

from .safetensors_file import write_safetensors

_NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_CONTROL = 3  # tokenizer.ggml.token_type


def write_folder(gguf: Path, folder: Path) -> Path:
    folder.mkdir(parents=True)
    with FileSource(gguf) as source:
        header = read_header(source)
        weights = {_name(tensor.name): _bf16(source, tensor, header) for tensor in header.tensors}
        tokens = read_array(source, header.metadata["tokenizer.ggml.tokens"])
        kinds = read_array(source, header.metadata["tokenizer.ggml.token_type"])
        merges = read_array(source, header.metadata["tokenizer.ggml.merges"])
    write_safetensors(folder / "model.safetensors", weights)
    _write(folder / "config.json", _config(header, len(tokens)))
    _write(folder / "tokenizer.json", _tokenizer(list(tokens), [int(kind) for kind in kinds], list(merges)))
    ends = {name: tokens[header.integer(f"tokenizer.ggml.{name}_token_id") or 0] for name in ("bos", "eos")}
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "GPT2Tokenizer",
            "bos_token": ends["bos"],
            "eos_token": ends["eos"],
            "chat_template": header.text("tokenizer.chat_template"),
        },
    )
    return folder


def _name(name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    if stem.startswith("blk."):
        _, layer, part = stem.split(".", 2)
        return f"model.layers.{layer}.{_NAMES[part]}.{suffix}"
    return f"{_NAMES[stem]}.{suffix}"


def _bf16(source: FileSource, tensor: GgufTensor, header: GgufHeader) -> NDArray[np.uint16]:
    columns = tensor.shape[-1]
    raw = np.frombuffer(source.read_at(tensor.offset, tensor.nbytes), np.uint8)
    if tensor.type is GgmlType.F32:
        values = raw.view(np.float32).reshape(tensor.shape)
    else:
        rows = raw.reshape(-1, tensor.type.row_bytes(columns))
        values = to_float32(tensor.type, rows, columns).reshape(tensor.shape)
    for part, heads in (("attn_q.", "head_count"), ("attn_k.", "head_count_kv")):
        if part in tensor.name:
            count = header.integer(f"llama.attention.{heads}") or 1
            half = values.shape[0] // count // 2
            values = values.reshape(count, half, 2, columns).swapaxes(1, 2).reshape(tensor.shape)
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded: NDArray[np.uint16] = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return rounded


def _config(header: GgufHeader, vocabulary: int) -> dict[str, Any]:
    def number(key: str) -> int | None:
        return header.integer(f"llama.{key}")

    def real(key: str) -> float:
        value = header.metadata[f"llama.{key}"].value
        assert isinstance(value, float)
        return value

    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": number("embedding_length"),
        "intermediate_size": number("feed_forward_length"),
        "num_hidden_layers": number("block_count"),
        "num_attention_heads": number("attention.head_count"),
        "num_key_value_heads": number("attention.head_count_kv"),
        "max_position_embeddings": number("context_length"),
        "rms_norm_eps": real("attention.layer_norm_rms_epsilon"),
        "rope_theta": real("rope.freq_base"),
        "vocab_size": vocabulary,
        "tie_word_embeddings": True,
        "bos_token_id": header.integer("tokenizer.ggml.bos_token_id"),
        "eos_token_id": header.integer("tokenizer.ggml.eos_token_id"),
        "torch_dtype": "bfloat16",
    }


def _tokenizer(tokens: list[str], kinds: list[int], merges: list[str]) -> dict[str, Any]:
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    added = [
        {"id": number, "content": token, **plain}
        for number, (token, kind) in enumerate(zip(tokens, kinds, strict=True))
        if kind == _CONTROL
    ]
    return {
        "version": "1.0",
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Digits", "individual_digits": True},
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
            ],
        },
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "byte_fallback": False,
            "fuse_unk": False,
            "vocab": {token: number for number, token in enumerate(tokens)},
            "merges": [merge.split(" ", 1) for merge in merges],
        },
    }


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
