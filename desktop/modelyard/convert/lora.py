"""A LoRA add-on merged into its base while streaming: W + scale × B × A in float32, row block by row block.

Names and forms as PEFT saves them (peft/utils/save_and_load.py): "base_model.model.<module>.lora_A.weight" and lora_B,
"lora_embedding_A/B" for embeddings; everything else is a whole tensor that takes the base's place (modules_to_save,
biases, resized embeddings).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import Code, ModelyardError
from ..formats.adapter import MLX_WEIGHTS, Adapter
from ..formats.checkpoint import Locate, RowReader, TensorTable
from ..formats.checkpoint_files import SmallFiles
from ..formats.checkpoint_tensor import StoredTensor
from .content import WeightReader
from .lora_names import BaseNames, LoraPair, sorted_out
from .lora_scale import scaling_of
from .product import AddProduct, add_product
from .weights import read_whole, to_float32

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


@dataclass(frozen=True)
class Sum:
    """One tensor of the base (or one the add-on brought for it) and the pair that changes it. down: A (rank, inputs),
    up: B (outputs, rank). swapped: the base stores (inputs, outputs), as GPT-2's Conv1D and embeddings do. add: what
    computes the sum. brought: the add-on brought `base`. order: which row of B belongs to each row of a base whose rows
    were reordered. turned: A and B are stored transposed."""

    base: StoredTensor
    down: StoredTensor
    up: StoredTensor
    scale: float
    swapped: bool
    add: AddProduct
    brought: bool = False
    order: NDArray[np.intp] | None = None
    turned: bool = False

    def rows(self, below: WeightReader, addon: WeightReader, start: int, stop: int) -> NDArray[np.float32]:
        down, up = read_whole(addon, self.down), read_whole(addon, self.up)
        if self.turned:
            down, up = down.T, up.T
        if self.swapped:
            left = to_float32(down[:, start:stop].T, self.down.dtype)
            right = to_float32(up, self.up.dtype).T
        else:
            chosen = slice(start, stop) if self.order is None else self.order[start:stop]
            left = to_float32(up[chosen], self.up.dtype)
            right = to_float32(down, self.down.dtype)
        source = addon if self.brought else below
        rows = source.read(self.base.name, start, stop).reshape(stop - start, self.base.columns)
        with np.errstate(over="ignore", invalid="ignore"):  # what is no number is found when it is written
            left = left * np.float32(self.scale)
        return self.add(self.base.dtype, rows, left, right)


class MergedTable:
    """A TensorTable; see merged()."""

    def __init__(self, base: TensorTable, adapter: Adapter, add: AddProduct) -> None:
        self.base, self.adapter, self._add = base, adapter, add
        pairs, whole = sorted_out(adapter)
        names = BaseNames(base.tensors, adapter.name, base.name)
        self._sums: dict[str, Sum] = {}
        self._whole: dict[str, StoredTensor] = {}
        for module, tensor in whole.items():
            self._whole[names.find(module, can_be_new=_is_output(module))] = tensor
        for pair in pairs:
            name = names.find(pair.target, can_be_new=_is_output(pair.target))
            source = name
            brought = self._whole.pop(name, None)
            if brought is None and name not in base.tensors:  # an output that was the embedding until now
                source = names.find("model.embed_tokens.weight")
                brought = self._whole.get(source)
            self._sums[name] = self._sum(pair, brought or base.tensors[source], brought is not None)
        self._untied = self._old_embedding()
        self.tensors: Mapping[str, StoredTensor] = self._table()
        outputs = [name for name in (*self._whole, *self._sums) if _is_output(name)]
        self.config: Mapping[str, Any] = self._config(bool(outputs or self._untied))
        self.files = _files(base, adapter, self._vocabulary())

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
        part = self._sums.get(name)
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
        untouched = self.base.tensors.keys() - self._sums.keys() - self._whole.keys()
        return {first, second} <= untouched and self.base.alike(first, second)

    def reader(self, locate: Locate | None = None) -> RowReader:
        """`locate` is for the base's weights; the add-on's are read from where it was opened."""
        return _MergedReader(self.base.reader(locate), self.adapter.reader(), self._sums, self._whole, self._untied)

    def _old_embedding(self) -> tuple[str, bool] | None:
        """The tensor that becomes an output of its own, and whether the add-on brought it; None if nothing does.

        Where the output is the embedding and the add-on changes the embedding alone, PEFT trains with the old one as
        output (unless ensure_weight_tying is set): they are two tensors from now on.
        """
        changed = {*self._sums, *self._whole}
        has_own = any(name.endswith(_OUTPUTS) for name in (*self.base.tensors, *changed))
        kinds = self.base.config.get("architectures")
        always = isinstance(kinds, list) and any(f"{name}ForCausalLM" in kinds for name in ALWAYS_TIED)
        if has_own or always or self.adapter.config.get("ensure_weight_tying"):
            return None
        name = next((name for name in changed if name.endswith(_EMBEDDINGS)), None)
        if name is None:
            return None
        part = self._sums.get(name)
        if part is not None:
            return part.base.name, part.brought
        same = name in self.base.tensors and self.base.tensors[name].shape == self._whole[name].shape
        return (name, False) if same else None

    def _sum(self, pair: LoraPair, base: StoredTensor, brought: bool) -> Sum:
        inputs, outputs = pair.inputs, pair.outputs
        scale = scaling_of(self.adapter.config, pair.module, pair.rank, self.adapter.name)
        if base.shape not in ((outputs, inputs), (inputs, outputs)):
            raise ModelyardError(Code.ADAPTER_MISMATCH, name=self.adapter.name, base=self.base.name, tensor=pair.target)
        asked = pair.embedding or bool(self.adapter.config.get("fan_in_fan_out"))
        swapped = asked if inputs == outputs else base.shape == (inputs, outputs)
        return Sum(base, pair.down, pair.up, scale, swapped, self._add, brought, turned=pair.turned)

    def _table(self) -> dict[str, StoredTensor]:
        seen = dict(self.base.tensors)
        for name, tensor in self._whole.items():
            seen[name] = StoredTensor(name, tensor.dtype, tensor.shape, tensor.shard)
        for name, part in self._sums.items():
            seen[name] = StoredTensor(name, "F32", part.base.shape, part.base.shard)
        if self._untied is not None:
            name, brought = self._untied
            old = (self.adapter.tensors if brought else self.base.tensors)[name]
            seen[_OUTPUT] = StoredTensor(_OUTPUT, old.dtype, old.shape, old.shard)
        return seen

    def _vocabulary(self) -> int | None:
        """Rows of the embedding, if the add-on brings one of its own."""
        own = [*self._whole.items(), *((name, part.base) for name, part in self._sums.items() if part.brought)]
        for name, tensor in own:
            if name.endswith(_EMBEDDINGS):
                return tensor.shape[0]
        return None

    def _config(self, untied: bool) -> dict[str, Any]:
        config = dict(self.base.config)
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
        sums: Mapping[str, Sum],
        whole: Mapping[str, StoredTensor],
        untied: tuple[str, bool] | None,
    ) -> None:
        self._below, self._addon = below, addon
        self._sums, self._whole, self._untied = sums, whole, untied

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        if self._untied is not None and name == _OUTPUT:
            name, brought = self._untied
            return (self._addon if brought else self._below).read(name, start, stop)
        part = self._sums.get(name)
        if part is not None:
            return part.rows(self._below, self._addon, start, stop)
        own = self._whole.get(name)
        return self._below.read(name, start, stop) if own is None else self._addon.read(own.name, start, stop)

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
