"""Which packing a checkpoint is in: `quantization_config` of config.json, or the file the packing's own tool writes
beside it, or the tensors themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...formats.checkpoint import Checkpoint, TensorTable
from ...formats.safetensors import SafetensorsHeader

_AUTO_ROUND_V1 = ("auto", "auto_round:auto_gptq", "auto_round:gptq", "auto_round:gptq:exllamav2")
_AUTO_ROUND_V2 = ("auto_round", "auto_round:gptqmodel")

_WRITTEN = {
    **{name.lower(): name for name in ("AQLM", "VPTQ", "SpQR", "HIGGS", "HQQ", "EETQ", "QQQ", "EXL2", "EXL3", "SINQ")},
    **{name.lower(): name for name in ("SqueezeLLM", "OmniQuant", "ParoQuant", "Quanto", "GGUF")},
    "quark": "AMD Quark",
    "quip#": "QuIP#",
    "fp_quant": "FP-Quant",
}


def written(method: str) -> str:
    """The name of a packing as its makers write it."""
    return _WRITTEN.get(method, method)


def packing_of(table: TensorTable) -> tuple[str, Mapping[str, Any]]:
    """The packing's name, in lower case where its own tool wrote it ("" for plain weights), and its configuration."""
    mlx = _mlx(table)
    if mlx is not None:
        return "mlx", mlx
    config = _packing_config(table)
    method = str(config.get("quant_method") or "").lower()
    return _auto_round(config) if method in ("auto-round", "intel/auto-round") else (method, config)


def _auto_round(config: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """AutoRound writes the form of another tool and says which (auto_round/inference/backend.py and
    convert_model.py). "auto_round" and "gptqmodel" keep zero points as they are, "auto_gptq" one smaller."""
    form = str(config.get("packing_format") or config.get("backend") or "auto").lower()
    act_bits = config.get("act_bits")
    weights_only = type(act_bits) is not int or act_bits > 8
    if not config.get("rotation_config"):
        if form in _AUTO_ROUND_V1 and weights_only:
            return "gptq", {**config, "checkpoint_format": "gptq", "format": None}
        if form in _AUTO_ROUND_V2 and weights_only:
            return "gptq", {**config, "checkpoint_format": "gptq_v2", "format": None}
        if form in ("auto_round:auto_awq", "auto_round:awq") and weights_only:
            return "awq", {**config, "format": None}
        if form == "auto_round:llm_compressor":
            return "compressed-tensors", config
        if form in ("auto_round:fp8", "auto_round:fp8_static"):
            return "fp8", config
    return f"AutoRound {form.removeprefix('auto_round:')}", config


def _packing_config(table: TensorTable) -> Mapping[str, Any]:
    text = table.config.get("text_config")
    for holder in (table.config, text if isinstance(text, dict) else {}):
        for key in ("quantization_config", "compression_config"):
            found = holder.get(key)
            if isinstance(found, dict):
                return found if found.get("quant_method") else {**found, "quant_method": _unnamed(found)}
    mistral = table.config.get("quantization")
    if isinstance(mistral, dict) and mistral.get("qformat_weight") == "fp8_e4m3":
        return {"quant_method": "fp8"}
    for file, method in (("quantize_config.json", "gptq"), ("quant_config.json", "awq")):
        if file in table.files:
            return {"quant_method": method, **(table.files.json(file) or {})}
    if "quip_params" in table.config:
        return {"quant_method": "QuIP#"}
    if "quanto_qmap.json" in table.files:
        return {"quant_method": "quanto"}
    producer = (table.files.json("hf_quant_config.json") or {}).get("producer")
    if isinstance(producer, dict):
        return {"quant_method": str(producer.get("name") or "")}
    return {}


def _unnamed(config: Mapping[str, Any]) -> str:
    """The method of a configuration that does not say it: early AutoGPTQ and AutoAWQ, and compressed-tensors."""
    if isinstance(told := config.get("method"), str):  # GPTQModel 5 and later
        return told
    if "desc_act" in config:
        return "gptq"
    return "awq" if "w_bit" in config or "zero_point" in config else "compressed-tensors"


def _mlx(table: TensorTable) -> Mapping[str, Any] | None:
    """MLX's own settings, empty for a folder it saved without packing it; None for others. It writes no name of its
    own in config.json, but "mlx" into the weight files."""
    words = any(tensor.dtype == "U32" for tensor in table.tensors.values())
    for key in ("quantization", "quantization_config") if words else ():
        found = table.config.get(key)
        if isinstance(found, dict) and type(found.get("group_size")) is int and "quant_method" not in found:
            return found
    shards = table.shards if isinstance(table, Checkpoint) else ()
    marks = [shard.metadata.get("format") for shard in shards if isinstance(shard, SafetensorsHeader)]
    return {} if "mlx" in marks else None
