"""A LoRA add-on merged into its base while streaming: W + scale × B × A in float32, row block by row block.

Names and forms as PEFT saves them (peft/utils/save_and_load.py): "base_model.model.<module>.lora_A.weight" and lora_B,
"lora_embedding_A/B" for embeddings; everything else is a whole tensor that takes the base's place (modules_to_save,
biases, resized embeddings).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import Code, ModelyardError
from ..formats.adapter import MLX_WEIGHTS, Adapter
from ..formats.checkpoint import Locate, RowReader, TensorTable
from ..formats.checkpoint_files import SmallFiles
from ..formats.checkpoint_tensor import StoredTensor
from .lora_experts import expert_sums, on_parameters, setting_key, with_experts_unpacked
from .lora_names import BaseNames, LoraPair, Parts, sorted_out, unsupported
from .lora_scale import scaling_of
from .lora_sums import BiasSum, Change, Sum, TokenRows
from .lora_tokens import token_rows, tokens_to_take
from .product import AddProduct, add_product

_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "added_tokens.json",
    "special_tokens_map.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
    "chat_template.json",
)

_EMBEDDINGS = ("embed_tokens.weight", "wte.weight", "word_embeddings.weight", "embed_in.weight")
_OUTPUTS = ("lm_head.weight", "embed_out.weight", "output.weight", "output_layer.weight")
_OUTPUT = "lm_head.weight"
# llama.cpp has no output of its own in these (src/models/gemma.cpp and others): it stays the embedding.
ALWAYS_TIED = ("Gemma", "Gemma2", "Cohere", "Cohere2", "Ernie4_5_Moe", "HunYuanDenseV1")


def merged(base: TensorTable, adapter: Adapter, add: AddProduct = add_product) -> MergedTable:
    """`base` with the add-on in it, seen as a checkpoint of its own, called after the add-on. Headers only.

    base: plain or unpacked weights. add: what computes the sums. Raises ADAPTER_MISMATCH (a tensor the base has no
    place for, or of another shape), ADAPTER_INVALID, ADAPTER_UNSUPPORTED.
    """
    told = base.config.get("architectures")
    if adapter.shard.name == MLX_WEIGHTS and isinstance(told, list) and told[:1] == ["FalconH1ForCausalLM"]:
        # MLX multiplies the weights of these by settings of config.json before anything is trained.
        name, base_model = adapter.name, adapter.base_model
        raise ModelyardError(Code.ADAPTER_UNSUPPORTED, name=name, method="MLX LoRA", base_model=base_model)
    return MergedTable(base, adapter, add)


class MergedTable:
    """A TensorTable; see merged()."""

    def __init__(self, base: TensorTable, adapter: Adapter, add: AddProduct) -> None:
        parts = sorted_out(adapter)
        names = BaseNames(base.tensors, adapter.name, base.name)
        modules = on_parameters(parts.pairs, adapter)
        plain = with_experts_unpacked(base, modules, names)
        if plain is not base:
            base, names = plain, BaseNames(plain.tensors, adapter.name, base.name)
        self.base, self.adapter, self._add = base, adapter, add
        self._changes: dict[str, Change] = {}
        self._whole: dict[str, StoredTensor] = {}
        for module, tensor in parts.whole.items():
            self._whole[names.find(module, can_be_new=_is_output(module))] = tensor
        for pair in parts.pairs:
            if pair.module not in modules:
                name, tensor, brought = self._changed(names, pair.target)
                self._put(name, self._sum(pair, tensor, brought))
        for module, bias in parts.biases.items():
            self._bias(names, module, bias, parts)
        for name, part in expert_sums(
            [pair for pair in parts.pairs if pair.module in modules], modules, base.tensors, names, adapter, add
        ).items():
            self._put(name, part)
        for module in tokens_to_take(parts.tokens, adapter, tied=not self._has_own_output()):
            name, tensor, brought = self._changed(names, f"{module}.weight")
            self._put(name, token_rows(adapter, module, parts.tokens[module], tensor, brought))
        self._untied = self._old_embedding()
        self.tensors: Mapping[str, StoredTensor] = self._table()
        outputs = [name for name in (*self._whole, *self._changes) if _is_output(name)]
        self.config: Mapping[str, Any] = self._config(bool(outputs or self._untied))
        self.files = _files(base, adapter, self._vocabulary())

    def _changed(self, names: BaseNames, target: str) -> tuple[str, StoredTensor, bool]:
        """The base's name for what is changed, what is changed, and whether the add-on brought that."""
        name = source = names.find(target, can_be_new=_is_output(target))
        brought = self._whole.pop(name, None)
        if brought is None and name not in self.base.tensors:  # an output that was the embedding until now
            known = (names.known(f"model.{each}") for each in _EMBEDDINGS)
            source = next((each for each in known if each is not None), None) or names.find(target)
            brought = self._whole.get(source)
        return name, brought or self.base.tensors[source], brought is not None

    def _put(self, name: str, change: Change) -> None:
        if name in self._changes:
            raise unsupported(self.adapter, "LoRA × 2")
        self._changes[name] = change

    @property
    def name(self) -> str:
        return self.adapter.name

    @property
    def original(self) -> str:
        """The sums exist in float32 only: no size is made from them rounded to what the base was stored in."""
        return "f32"

    @property
    def base_model(self) -> str | None:
        return self.adapter.base_model or self.base.base_model

    def shards_of(self, name: str) -> tuple[str, ...]:
        """The base's weight files; the add-on's own is small and always read first."""
        part = self._changes.get(name)
        if self._untied is not None and name == _OUTPUT:
            name, brought = self._untied
            return () if brought else self.base.shards_of(name)
        if name in self._whole or (part and part.brought):
            return ()
        return self.base.shards_of(part.base.name if part else name)

    def peek(self, names: Any) -> dict[str, bytes]:
        return self.base.peek(names)

    def alike(self, first: str, second: str) -> bool:
        """As TensorTable; tensors that the add-on changes or brings are taken for different."""
        untouched = self.base.tensors.keys() - self._changes.keys() - self._whole.keys()
        return {first, second} <= untouched and self.base.alike(first, second)

    def reader(self, locate: Locate | None = None) -> RowReader:
        """`locate` is for the base's weights; the add-on's are read from where it was opened."""
        return _MergedReader(self.base.reader(locate), self.adapter.reader(), self._changes, self._whole, self._untied)

    def _old_embedding(self) -> tuple[str, bool] | None:
        """The tensor that becomes an output of its own, and whether the add-on brought it; None if nothing does.

        Where the output is the embedding and the add-on changes the embedding alone, PEFT trains with the old one as
        output (unless ensure_weight_tying is set): they are two tensors from now on.
        """
        summed = (name for name, part in self._changes.items() if not isinstance(part, TokenRows))
        changed = {*summed, *self._whole}  # single tokens change in both, which stay one
        kinds = self.base.config.get("architectures")
        always = isinstance(kinds, list) and any(f"{name}ForCausalLM" in kinds for name in ALWAYS_TIED)
        if self._has_own_output() or always or self.adapter.config.get("ensure_weight_tying"):
            return None
        name = next((name for name in changed if name.endswith(_EMBEDDINGS)), None)
        if name is None:
            return None
        part = self._changes.get(name)
        if part is not None:
            return part.base.name, part.brought
        same = name in self.base.tensors and self.base.tensors[name].shape == self._whole[name].shape
        return (name, False) if same else None

    def _has_own_output(self) -> bool:
        return any(name.endswith(_OUTPUTS) for name in (*self.base.tensors, *self._whole, *self._changes))

    def _bias(self, names: BaseNames, module: str, bias: StoredTensor, parts: Parts) -> None:
        """What lora_bias adds. Raises ADAPTER_MISMATCH where the base has no bias, which PEFT cannot merge either."""
        rank = next((pair.rank for pair in parts.pairs if pair.module == module), 0)
        name = names.find(f"{module}.bias")
        tensor = self._whole.pop(name, None)
        base = tensor or self.base.tensors[name]
        if base.shape != bias.shape:
            raise names.mismatch(f"{module}.bias")
        scale = scaling_of(self.adapter.config, module, rank, self.adapter.name)
        self._put(name, BiasSum(base, bias, scale, tensor is not None))

    def _sum(self, pair: LoraPair, base: StoredTensor, brought: bool) -> Sum:
        inputs, outputs = pair.inputs, pair.outputs
        config = self.adapter.config
        scale = scaling_of(config, setting_key(pair.module, config), pair.rank, self.adapter.name)
        if base.shape not in ((outputs, inputs), (inputs, outputs)):
            raise ModelyardError(Code.ADAPTER_MISMATCH, name=self.adapter.name, base=self.base.name, tensor=pair.target)
        asked = pair.embedding or bool(self.adapter.config.get("fan_in_fan_out"))
        swapped = asked if inputs == outputs else base.shape == (inputs, outputs)
        return Sum(base, pair.down, pair.up, scale, swapped, self._add, brought, turned=pair.turned)

    def _table(self) -> dict[str, StoredTensor]:
        seen = dict(self.base.tensors)
        for name, tensor in self._whole.items():
            seen[name] = StoredTensor(name, tensor.dtype, tensor.shape, tensor.shard)
        for name, part in self._changes.items():
            seen[name] = StoredTensor(name, "F32", part.base.shape, part.base.shard)
        if self._untied is not None:
            name, brought = self._untied
            old = (self.adapter.tensors if brought else self.base.tensors)[name]
            seen[_OUTPUT] = StoredTensor(_OUTPUT, old.dtype, old.shape, old.shard)
        return seen

    def _vocabulary(self) -> int | None:
        """Rows of the embedding, if the add-on brings one of its own."""
        own = [*self._whole.items(), *((name, part.base) for name, part in self._changes.items() if part.brought)]
        for name, tensor in own:
            if name.endswith(_EMBEDDINGS):
                return tensor.shape[0]
        return None

    def _config(self, untied: bool) -> dict[str, Any]:
        config = {key: value for key, value in self.base.config.items() if key != "_name_or_path"}  # the base's name
        rows = self._vocabulary()
        text = config.get("text_config")
        holders = [config, *([text := dict(text)] if isinstance(text, dict) else [])]
        if isinstance(text, dict):
            config["text_config"] = text
        for holder in holders:
            if rows is not None and "vocab_size" in holder:
                holder["vocab_size"] = rows
            if untied and holder.get("tie_word_embeddings", True):
                holder["tie_word_embeddings"] = False
        return config


class _MergedReader:
    def __init__(
        self,
        below: RowReader,
        addon: RowReader,
        changes: Mapping[str, Change],
        whole: Mapping[str, StoredTensor],
        untied: tuple[str, bool] | None,
    ) -> None:
        self._below, self._addon = below, addon
        self._changes, self._whole, self._untied = changes, whole, untied
        self._last = threading.local()

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        if self._untied is not None and name == _OUTPUT:
            name, brought = self._untied
            return (self._addon if brought else self._below).read(name, start, stop)
        change = self._changes.get(name)
        if change is not None:
            return self._matrix(name, change, start, stop)
        own = self._whole.get(name)
        return self._below.read(name, start, stop) if own is None else self._addon.read(own.name, start, stop)

    def _matrix(self, name: str, change: Change, start: int, stop: int) -> NDArray[np.float32]:
        """The last expert is kept: a stack that is stored transposed is read a matrix for each block of its columns."""
        if len(change.base.shape) < 3:
            return change.rows(self._below, self._addon, start, stop)
        key = (name, start, stop)
        if getattr(self._last, "key", None) != key:
            self._last.rows = change.rows(self._below, self._addon, start, stop)
            self._last.key = key
        rows: NDArray[np.float32] = self._last.rows
        return rows

    def close(self) -> None:
        self._below.close()
        self._addon.close()


def _is_output(name: str) -> bool:
    return name.endswith(("lm_head.weight", "lm_head"))


def _files(base: TensorTable, adapter: Adapter, vocabulary: int | None) -> SmallFiles:
    """The base's small files, the add-on's tokenizer and chat template over them. A tokenizer with more tokens than
    the model has embeddings (tools save one with a padding token nobody learned) is left out, its template taken."""
    rows = vocabulary
    if rows is None:
        size = base.config.get("vocab_size")
        rows = size if type(size) is int else None
    too_many = rows is not None and _highest_token(adapter.files) >= rows
    names = [name for name in _TOKENIZER_FILES if not too_many or name.startswith("chat_template")]
    found = {name: adapter.files.read(name) for name in names}
    over = {name: data for name, data in found.items() if data is not None}
    card = adapter.files.read("README.md")
    return base.files.with_extra({**over, **({"README.md": card} if card is not None else {})})


def _highest_token(files: SmallFiles) -> int:
    """The highest number among the added tokens, −1 if none are listed."""
    highest = -1
    for number in (files.json("added_tokens.json") or {}).values():
        highest = max(highest, number if type(number) is int else -1)
    decoder = (files.json("tokenizer_config.json") or {}).get("added_tokens_decoder")
    for text in decoder if isinstance(decoder, dict) else ():
        highest = max(highest, int(text) if text.isdecimal() and len(text) < 10 else -1)
    return highest
