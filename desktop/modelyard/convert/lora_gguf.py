"""A LoRA add-on merged into a base that is a GGUF: its tensors read back as numbers, the pair added under llama.cpp's
names, the metadata kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import Code, ModelyardError
from ..formats.adapter import Adapter
from ..formats.checkpoint_tensor import StoredTensor
from ..formats.ggml_types import GgmlType
from ..formats.gguf_values import GgufTensor
from .content import GgufContent, MetadataEntry, RowBlock, RowFunction, TensorJob, ValueType, WeightReader
from .lora_experts import on_parameters
from .lora_names import sorted_out, unsupported
from .lora_scale import scaling_of
from .lora_sums import BiasSum, Change, Sum, TokenRows
from .lora_tokens import token_rows, tokens_to_take
from .names import TensorNames
from .product import AddProduct, add_product
from .weights import read_float32

_PLAIN = {GgmlType.F32: ("F32", "<f4"), GgmlType.F16: ("F16", "<f2"), GgmlType.BF16: ("BF16", "<u2")}

# Architectures whose linear layers stand in the GGUF one for one. In the first group the rows of q and k are reordered
# for ggml's rope (facts in conversion/llama.py, LlamaModel.permute).
_PERMUTED = ("llama", "granite", "smollm3", "olmo", "arcee", "mistral3", "minicpm")
_AS_THEY_ARE = (
    *("qwen2", "qwen3", "gemma", "gemma2", "gemma3", "phi3", "olmo2", "stablelm", "starcoder2", "phi2", "gpt2"),
    *("exaone4", "apertus", "command-r", "cohere2", "ernie4_5", "glm4", "seed_oss", "hunyuan-dense", "nemotron"),
    *("qwen2vl", "qwen3vl"),
)

_ALWAYS_TIED = ("gemma", "gemma2", "command-r", "cohere2")  # llama.cpp has no output of its own in these
_EMBEDDING, _OUTPUT = "token_embd.weight", "output.weight"


def merged_gguf(
    architecture: str,
    metadata: Sequence[MetadataEntry],
    tensors: Sequence[GgufTensor],
    adapter: Adapter,
    add: AddProduct = add_product,
) -> GgufContent:
    """The content of the merged model, of any size. `metadata`: the base's, without general.file_type and
    general.quantization_version; its name becomes the add-on's. `add`: what computes the sums.

    Rows come from a GgufWithAddon. Raises ADAPTER_UNSUPPORTED (an architecture whose layers are rearranged in a GGUF),
    ADAPTER_MISMATCH, ADAPTER_INVALID.
    """
    values = {entry.key: entry.value for entry in metadata}
    if architecture not in _PERMUTED + _AS_THEY_ARE:
        raise ModelyardError(
            Code.ADAPTER_UNSUPPORTED,
            name=adapter.name,
            method=f"GGUF {architecture}"[:80],
            base_model=adapter.base_model,
        )
    known = {tensor.name: tensor for tensor in tensors}
    sums, whole = _changes(architecture, values, known, adapter, add)
    kinds = [tensor.type for tensor in tensors if len(tensor.shape) > 1]
    sixteen = (kind for kind in kinds if kind in (GgmlType.F16, GgmlType.BF16))
    main = GgmlType.F32 if kinds and set(kinds) == {GgmlType.F32} else next(sixteen, GgmlType.F16)
    names = TensorNames(architecture, _number(values, f"{architecture}.block_count"))
    jobs = [_job(tensor, sums.get(tensor.name), whole.get(tensor.name), names, main) for tensor in tensors]
    changed = {*whole, *(name for name, part in sums.items() if not isinstance(part, TokenRows))}
    if _OUTPUT not in known and (
        _OUTPUT in sums or _OUTPUT in whole or (_EMBEDDING in changed and _unties(architecture, adapter))
    ):
        # The output was the embedding, and stays the old one but for what the add-on says (convert/lora.py).
        new = _job(known[_EMBEDDING], sums.get(_OUTPUT), whole.get(_OUTPUT), names, main)
        jobs.append(replace(new, name=_OUTPUT))
    return GgufContent(
        architecture=architecture,
        metadata=_renamed(metadata, adapter),
        tensors=tuple(jobs),
        original=main.name.lower(),
        file_type_index=sum(entry.key.startswith("general.") for entry in metadata),
    )


class GgufWithAddon:
    """Rows of the base (as stored, uint8) and of the add-on under their own names, which never meet. Thread-safe."""

    def __init__(self, base: WeightReader, adapter: Adapter) -> None:
        self._base, self._addon = base, adapter.reader()
        self._names = frozenset(adapter.tensors)

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        return (self._addon if name in self._names else self._base).read(name, start, stop)

    def close(self) -> None:
        """Closes the add-on; the base is its opener's."""
        self._addon.close()


@dataclass(frozen=True)
class _Numbers:
    """One GGUF tensor's rows as numbers."""

    reader: WeightReader
    tensor: GgufTensor

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        return plain_rows(self.reader, self.tensor, start, stop).data


def plain_rows(reader: WeightReader, tensor: GgufTensor, start: int, stop: int) -> RowBlock:
    """Rows of a GGUF tensor as F32, F16 or BF16; blocks of small types are read back as float32."""
    stored = reader.read(tensor.name, start, stop)
    if tensor.type in _PLAIN:
        dtype, numpy_type = _PLAIN[tensor.type]
        return RowBlock(dtype, stored.view(numpy_type))
    from gguf import GGMLQuantizationType, quants

    return RowBlock("F32", quants.dequantize(stored, GGMLQuantizationType(int(tensor.type))))


def _unties(architecture: str, adapter: Adapter) -> bool:
    return architecture not in _ALWAYS_TIED and not adapter.config.get("ensure_weight_tying")


def _job(
    tensor: GgufTensor, part: Change | None, whole: StoredTensor | None, names: TensorNames, main: GgmlType
) -> TensorJob:
    block = next((int(piece) for piece in tensor.name.split(".") if piece.isdecimal()), None)
    small = len(tensor.shape) < 2 or names.always_float32(tensor.name, block)
    sources = (tensor.name, *(part.sources if part else ()), *((whole.name,) if whole else ()))
    source_dtype = tensor.type.name if tensor.type in _PLAIN else main.name
    return TensorJob(
        name=tensor.name,
        shape=tensor.shape or (1,),
        sources=sources,
        source_dtype=source_dtype,
        rows=_rows(tensor, part, whole),
        fixed_type=GgmlType.F32 if small else None,
    )


def _rows(tensor: GgufTensor, part: Change | None, whole: StoredTensor | None) -> RowFunction:
    def rows(reader: WeightReader, start: int, stop: int) -> RowBlock:
        if whole is not None:
            return RowBlock("F32", read_float32(reader, whole, start, stop))
        if part is None:
            return plain_rows(reader, tensor, start, stop)
        return RowBlock("F32", part.rows(_Numbers(reader, tensor), reader, start, stop))

    return rows


def _changes(
    architecture: str,
    values: Mapping[str, Any],
    tensors: Mapping[str, GgufTensor],
    adapter: Adapter,
    add: AddProduct,
) -> tuple[dict[str, Change], dict[str, StoredTensor]]:
    """By GGUF name: the sums, and the embedding and output the add-on brings (as many tokens as the base has, whose
    vocabulary stays). Raises ADAPTER_MISMATCH for any other whole tensor: it may be stored in another way."""
    names = TensorNames(architecture, _number(values, f"{architecture}.block_count"))

    def place(target: str) -> tuple[str, GgufTensor]:
        name = names.find(target) or ""
        tensor = tensors.get(_EMBEDDING if name == _OUTPUT and name not in tensors else name)
        if tensor is None or (name == _OUTPUT and architecture in _ALWAYS_TIED):
            raise _mismatch(adapter, architecture, target)
        return name, tensor

    parts = sorted_out(adapter)
    if on_parameters(parts.pairs, adapter):
        raise unsupported(adapter, "GGUF, LoRA target_parameters")
    whole: dict[str, StoredTensor] = {}
    for target, stored in parts.whole.items():
        name, tensor = place(target)
        if name not in (_EMBEDDING, _OUTPUT) or stored.shape != tensor.shape:
            raise _mismatch(adapter, architecture, target)
        whole[name] = stored
    found: dict[str, Change] = {}
    ranks: dict[str, int] = {}
    for pair in parts.pairs:
        name, tensor = place(pair.target)
        inputs, outputs = pair.inputs, pair.outputs
        scale = scaling_of(adapter.config, pair.module, pair.rank, adapter.name)
        swapped = pair.embedding
        if tensor.shape != ((inputs, outputs) if swapped else (outputs, inputs)):
            raise _mismatch(adapter, architecture, pair.target)
        own = whole.pop(name, None)
        order = _row_order(architecture, values, name, outputs)
        ranks[pair.module] = pair.rank
        base = own or _as_stored(tensor)
        found[name] = Sum(base, pair.down, pair.up, scale, swapped, add, own is not None, order, pair.turned)
    for module, bias in parts.biases.items():
        name, tensor = place(f"{module}.bias")
        scale = scaling_of(adapter.config, module, ranks.get(module, 0), adapter.name)
        if tensor.shape != bias.shape:
            raise _mismatch(adapter, architecture, f"{module}.bias")
        order = _row_order(architecture, values, name, bias.columns)
        found[name] = BiasSum(_as_stored(tensor), bias, scale, order=order)
    for module in tokens_to_take(parts.tokens, adapter, tied=not {_OUTPUT} & {*tensors, *whole, *found}):
        name, tensor = place(f"{module}.weight")
        own = whole.pop(name, None)
        if name in found:
            raise unsupported(adapter, "LoRA × 2")
        new = parts.tokens[module]
        found[name] = token_rows(adapter, module, new, own or _as_stored(tensor), own is not None)
    return found, whole


def _as_stored(tensor: GgufTensor) -> StoredTensor:
    return StoredTensor(tensor.name, _PLAIN.get(tensor.type, ("F32", ""))[0], tensor.shape, "")


def _row_order(architecture: str, values: Mapping[str, Any], name: str, rows: int) -> NDArray[np.intp] | None:
    """Which row of the checkpoint each row of q and k in the GGUF is (LlamaModel.permute), None for its own."""
    kind = name.split(".")[-2]
    if architecture not in _PERMUTED or kind not in ("attn_q", "attn_k"):
        return None
    heads = _number(values, f"{architecture}.attention.head_count")
    if kind == "attn_k":
        heads = _number(values, f"{architecture}.attention.head_count_kv", heads)
    if heads < 1 or rows % (heads * 2):
        return None
    return np.arange(rows).reshape(heads, 2, rows // heads // 2).swapaxes(1, 2).reshape(-1)


def _number(values: Mapping[str, Any], key: str, default: int = 0) -> int:
    value = values.get(key)
    return int(value) if isinstance(value, int) else default


def _renamed(metadata: Sequence[MetadataEntry], adapter: Adapter) -> tuple[MetadataEntry, ...]:
    """The base's keys with the add-on's name, and its chat template if it brings one."""
    template = adapter.files.text("chat_template.jinja")
    if template is None:
        told = (adapter.files.json("tokenizer_config.json") or {}).get("chat_template")
        template = told if isinstance(told, str) else None
    new = {"general.name": adapter.name, **({"tokenizer.chat_template": template} if template else {})}
    kept = tuple(replace(entry, value=new.get(entry.key, entry.value)) for entry in metadata)
    present = {entry.key for entry in metadata}
    added = [MetadataEntry(key, ValueType.STRING, value) for key, value in new.items() if key not in present]
    return (*kept, *added)


def _mismatch(adapter: Adapter, architecture: str, tensor: str) -> ModelyardError:
    return ModelyardError(Code.ADAPTER_MISMATCH, name=adapter.name, base=f"GGUF ({architecture})", tensor=tensor[:200])
