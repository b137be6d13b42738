"""Which tensors llama-quantize may touch, and what part of a model each one is (src/llama-quant.cpp, b11434).

Both go by name alone, as there: the names are those of gguf-py's tensor map.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from .model_facts import TensorFacts


class Category(Enum):
    OUTPUT = auto()
    TOKEN_EMBEDDING = auto()
    ATTENTION_QKV = auto()
    ATTENTION_KV_B = auto()
    ATTENTION_V = auto()
    ATTENTION_K = auto()
    ATTENTION_Q = auto()
    ATTENTION_OUTPUT = auto()
    FFN_UP = auto()
    FFN_GATE = auto()
    FFN_DOWN = auto()
    OTHER = auto()

    @property
    def like_attention_v(self) -> bool:
        """The most sensitive tensors of an attention layer."""
        return self in (Category.ATTENTION_V, Category.ATTENTION_QKV, Category.ATTENTION_KV_B)


_EMBEDDINGS = ("token_embd.weight", "per_layer_token_embd.weight")
_BY_PART = (  # the first that occurs in the name decides
    ("attn_qkv.weight", Category.ATTENTION_QKV),
    ("attn_kv_b.weight", Category.ATTENTION_KV_B),
    ("attn_v.weight", Category.ATTENTION_V),
    ("attn_k.weight", Category.ATTENTION_K),
    ("attn_q.weight", Category.ATTENTION_Q),
    ("attn_output.weight", Category.ATTENTION_OUTPUT),
    ("ffn_up", Category.FFN_UP),
    ("ffn_gate", Category.FFN_GATE),
    ("ffn_down", Category.FFN_DOWN),
)

# Small or delicate matrices that keep the type they have: norms, routers, position tables, Mamba and RWKV helpers,
# indexers, and parts of vision and audio encoders.
_KEPT = (
    "_norm.weight",
    "ffn_gate_inp.weight",
    "ffn_gate_tid2eid.weight",
    "altup",
    "laurel",
    "per_layer_model_proj",
    "ssm_conv1d",
    "shortconv.conv.weight",
    "indexer.k_proj.weight",
    "indexer.q_proj.weight",
    "time_mix_first.weight",
    "time_mix_w0.weight",
    "time_mix_w1.weight",
    "time_mix_w2.weight",
    "time_mix_v0.weight",
    "time_mix_v1.weight",
    "time_mix_v2.weight",
    "time_mix_a0.weight",
    "time_mix_a1.weight",
    "time_mix_a2.weight",
    "time_mix_g1.weight",
    "time_mix_g2.weight",
    "time_mix_decay_w1.weight",
    "time_mix_decay_w2.weight",
    "time_mix_lerp_fused.weight",
    "attn_rel_b.weight",
    ".position_embd",
    "sam.pos_embd",
    "sam.neck.",
    "sam.net_",
    ".rel_pos",
    ".patch_embd",
    ".patch_merger",
    "a.rvq.codebook",
    "mm.a.code_embd",
)
_KEPT_EXACTLY = ("position_embd.weight", "token_types.weight")
_KEPT_OF_GLM5_NEXT = (
    "hc_",
    "indexer.attn_q_b",
    "indexer.attn_k",
    "indexer.proj",
    "indexer_compressor_gate",
    "indexer_compressor_ape",
    "ssm_f_a.weight",
    "ssm_f_b.weight",
    "ssm_g_a.weight",
    "ssm_g_b.weight",
    "ssm_beta.weight",
    "attn_kv_a_mqa.weight",
    "attn_k_b.weight",
    "attn_v_b.weight",
)
_LAYER = re.compile(r"blk\.(\d+)\.")


def category_of(name: str) -> Category:
    if name == "output.weight":
        return Category.OUTPUT
    if name in _EMBEDDINGS:
        return Category.TOKEN_EMBEDDING
    return next((category for part, category in _BY_PART if part in name), Category.OTHER)


def may_quantize(architecture: str, tensor: TensorFacts) -> bool:
    """False: the tensor keeps the type it has, whatever the size."""
    name = tensor.name
    if tensor.dimensions < 2 or not name.endswith("weight") or name in _KEPT_EXACTLY:
        return False
    if any(part in name for part in _KEPT):
        return False
    return architecture != "glm5-next" or not any(part in name for part in _KEPT_OF_GLM5_NEXT)


def layer_of(name: str) -> int:
    """The layer number in the name, -1 if there is none."""
    found = _LAYER.match(name)
    return int(found.group(1)) if found else -1


def file_order(name: str) -> tuple[int, bytes]:
    """Sorting key: llama-quantize writes by layer, then by name."""
    return layer_of(name), name.encode()
