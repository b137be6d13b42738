"""Names of tensors: from a checkpoint's to llama.cpp's. PyPI `gguf` holds the tables; what b11434 has beyond gguf
0.19 stands here."""

from __future__ import annotations

import functools

import gguf

_SUFFIXES = (".weight", ".bias")
_CLIPS = (
    ".input_max",
    ".input_min",
    ".output_max",
    ".output_min",
)  # of numbers that go in and out, in Gemma's encoders

# Layers that predict a further token ahead, which gguf 0.19 does not give to these architectures.
_AHEAD = {
    "model.layers.{bid}.eh_proj": "blk.{bid}.nextn.eh_proj",
    "model.layers.{bid}.embed_tokens": "blk.{bid}.nextn.embed_tokens",
    "model.layers.{bid}.enorm": "blk.{bid}.nextn.enorm",
    "model.layers.{bid}.hnorm": "blk.{bid}.nextn.hnorm",
    "model.layers.{bid}.shared_head.head": "blk.{bid}.nextn.shared_head_head",
    "model.layers.{bid}.shared_head.norm": "blk.{bid}.nextn.shared_head_norm",
}
_ADDED: dict[str, dict[str, str]] = dict.fromkeys(
    ("deepseek2", "qwen3next", "qwen35", "qwen35moe", "exaone4", "step35", "mimo2"), _AHEAD
)
_ADDED["nemotron_h_moe"] = _AHEAD | {"model.layers.{bid}.post_attention_layernorm": "blk.{bid}.post_attention_norm"}

_ADDED["mimo2"] = _AHEAD | {
    "model.layers.{bid}.final_layernorm": "blk.{bid}.layer_output_norm",
    "model.layers.{bid}.self_attn.qkv_proj": "blk.{bid}.attn_qkv",
}
_ADDED["minimax-m3"] = {
    f"model.layers.{{bid}}.self_attn.index_{part}": f"blk.{{bid}}.indexer.{part}"
    for part in ("q_proj", "k_proj", "q_norm", "k_norm")
}
_ADDED["granite_swa"] = {
    "model.layers.{bid}.self_attn.sinks": "blk.{bid}.attn_sinks",
    "model.layers.{bid}.block_sparse_moe.router": "blk.{bid}.ffn_gate_inp",
    "blk.{bid}.ffn_gate_up_exps": "blk.{bid}.ffn_gate_up_exps",
}
_ADDED["talkie"] = {
    "model.embed": "token_embd",
    "model.blocks.{bid}.attn.attn_query": "blk.{bid}.attn_q",
    "model.blocks.{bid}.attn.attn_key": "blk.{bid}.attn_k",
    "model.blocks.{bid}.attn.attn_value": "blk.{bid}.attn_v",
    "model.blocks.{bid}.attn.attn_resid": "blk.{bid}.attn_output",
    "model.blocks.{bid}.attn.head_gain.head_g": "blk.{bid}.attn_q_norm",
    "model.blocks.{bid}.mlp.mlp_linear": "blk.{bid}.ffn_up",
    "model.blocks.{bid}.mlp.mlp_gate": "blk.{bid}.ffn_gate",
    "model.blocks.{bid}.mlp.mlp_resid": "blk.{bid}.ffn_down",
    "model.blocks.{bid}.embed_skip.a_g": "blk.{bid}.layer_output_scale",
}
_SIGLIP = {
    "layer_norm1": "ln1",
    "layer_norm2": "ln2",
    "mlp.fc1": "ffn_up",
    "mlp.fc2": "ffn_down",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.out_proj": "attn_out",
}
_MERGER = {"layer_norm1": "ln1", "pre_norm": "ds_ln", "linear_1": "ds_ffn_up", "linear_2": "ds_ffn_down"}
_MERGER |= {f"self_attn.{part}": name for part, name in (("q_proj", "attn_q"), ("k_proj", "attn_k"))}
_MERGER |= {f"self_attn.{part}": name for part, name in (("v_proj", "attn_v"), ("out_proj", "attn_out"))}
_ADDED["clip"] = {  # MiniCPM-V 4.6
    "model.vision_tower.embeddings.patch_embedding": "v.patch_embd",
    "model.vision_tower.embeddings.position_embedding": "v.position_embd",
    "model.vision_tower.post_layernorm": "v.post_ln",
    **{f"model.vision_tower.encoder.layers.{{bid}}.{old}": f"v.blk.{{bid}}.{new}" for old, new in _SIGLIP.items()},
    **{f"model.vision_tower.vit_merger.{old}": f"v.vit_merger.{new}" for old, new in _MERGER.items()},
    "model.merger.mlp.0.pre_norm": "mm.input_norm",
    "model.merger.mlp.0.linear_1": "mm.up",
    "model.merger.mlp.0.linear_2": "mm.down",
}
_QWEN2 = {
    "input_layernorm": "ln1",
    "post_attention_layernorm": "ln2",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_out",
}
_ADDED["clip"] |= {  # DeepSeek-OCR 2
    **{f"model.qwen2_model.model.model.layers.{{bid}}.{old}": f"v.blk.{{bid}}.{new}" for old, new in _QWEN2.items()},
    "model.qwen2_model.model.model.norm": "v.post_ln",
    "model.qwen2_model.query_768": "v.resample_query_768",
    "model.qwen2_model.query_1024": "v.resample_query_1024",
}
_ADDED["clip"] |= {  # Gemma 4 unified
    "model.vision_embedder.patch_dense": "v.patch_embd",
    "model.vision_embedder.patch_ln{bid}": "v.patch_norm.{bid}",
    "model.vision_embedder.pos_embedding": "v.position_embd",
}

# Architectures that gguf 0.19 does not know, and one that has the same tensors.
ALIKE = {
    "cohere2moe": "glm4moe",
    "deepseek32": "glm-dsa",
    "granite_swa": "llama4",
    "hy_v3": "exaone-moe",
    "mellum": "qwen3moe",
    "minimax-m3": "exaone-moe",
    "nanbeige": "llama",
    "talkie": "llama",
}

# Tensors that stay float32 whatever the outtype (conversion/base.py prepare_tensors).
_ALWAYS_F32 = (
    "FFN_GATE_INP",
    "FFN_GATE_INP_SHEXP",
    "POS_EMBD",
    "TOKEN_TYPES",
    "SSM_CONV1D",
    "SHORTCONV_CONV",
    "V_ENC_EMBD_POS",
    "ALTUP_CORRECT_COEF",
    "ALTUP_PREDICT_COEF",
    "TIME_MIX_FIRST",
    "TIME_MIX_W1",
    "TIME_MIX_W2",
    "TIME_MIX_DECAY_W1",
    "TIME_MIX_DECAY_W2",
    "TIME_MIX_LERP_FUSED",
    "SSM_CONV1D_Q",
    "SSM_CONV1D_K",
    "SSM_CONV1D_V",
    "INDEXER_PROJ",
)


@functools.cache
def architecture_number(name: str) -> gguf.MODEL_ARCH:
    name = ALIKE.get(name, name)
    return next(number for number, known in gguf.MODEL_ARCH_NAMES.items() if known == name)


def block_of(name: str) -> int | None:
    """The layer a name tells: its first part that is a number."""
    return next((int(part) for part in name.split(".") if part.isdecimal()), None)


class _NameMap(gguf.TensorNameMap):
    """gguf writes what Arctic calls otherwise into the table of all architectures: here into a copy."""

    def __init__(self, architecture: gguf.MODEL_ARCH, blocks: int) -> None:
        self.block_mappings_cfg = dict(gguf.TensorNameMap.block_mappings_cfg)
        super().__init__(architecture, blocks)


class TensorNames:
    """The table of one architecture with `blocks` layers."""

    def __init__(self, architecture: str, blocks: int) -> None:
        number = architecture_number(architecture)
        self._map = _NameMap(number, blocks)
        self._added = {
            source.format(bid=block): target.format(bid=block)
            for source, target in _ADDED.get(architecture, {}).items()
            for block in range(blocks)
        }
        kinds = {kind.name: kind for kind in gguf.MODEL_TENSORS[number]}
        self._float32 = [gguf.TENSOR_NAMES[kinds[name]] for name in _ALWAYS_F32 if name in kinds]

    def find(self, name: str) -> str | None:
        """llama.cpp's name, None if the architecture has no such tensor."""
        found: str | None = self._map.get_name(key=name, try_suffixes=(*_SUFFIXES, *_CLIPS))
        if found is not None:
            return found
        for suffix in _SUFFIXES:
            target = self._added.get(name.removesuffix(suffix))
            if target is not None and name.endswith(suffix):
                return target + suffix
        return None

    def always_float32(self, name: str, block: int | None) -> bool:
        """By llama.cpp's name; `block` is the layer the source's name tells."""
        if name.endswith("_norm.weight") or not name.endswith((".weight", ".lora_a", ".lora_b")):
            return True
        stem = name.removesuffix(".weight")
        return any(
            stem == (known.format(bid=block) if block is not None else known)
            for known in self._float32
            if ("{bid}" in known) == (block is not None)
        )
