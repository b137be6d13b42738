"""llama-quantize's mixtures: which type a tensor gets at each size (src/llama-quant.cpp, b11434).

A size is a mixture: sensitive tensors (attention values, the ends of the layer stack, the output) get more bits. The
rules look at the kind of tensor, its place among its like, and a few facts about the model. Tensors must be asked for
in llama-quantize's file order, because attention values and, in models without experts, feed-forward tensors are
counted as they come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..formats.ggml_types import GgmlType as T
from .categories import Category, category_of, layer_of
from .model_facts import ModelFacts, TensorFacts
from .sizes import Size

_TINY = ("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M")
_TINY_BUT_ROOMY = ("IQ2_S", "IQ2_M")  # these spend a little more on the same tensors
_IQ4 = ("IQ4_NL", "IQ4_XS")
_Q5_FOR_ATTENTION_OUTPUT_OF_8_EXPERTS = (
    "Q2_K",
    "IQ3_XS",
    "IQ3_XXS",
    "IQ3_S",
    "IQ3_M",
    "Q3_K_S",
    "Q3_K_M",
    "IQ4_NL",
    "IQ4_XS",
    "Q4_K_S",
    "Q4_K_M",
)
_SMALLER_BLOCKS = {  # for rows that are not a multiple of 256
    T.IQ1_S: T.IQ4_NL,
    T.IQ1_M: T.IQ4_NL,
    T.IQ2_XXS: T.IQ4_NL,
    T.IQ2_XS: T.IQ4_NL,
    T.IQ2_S: T.IQ4_NL,
    T.IQ3_XXS: T.IQ4_NL,
    T.IQ3_S: T.IQ4_NL,
    T.IQ4_XS: T.IQ4_NL,
    T.Q2_K: T.Q4_0,
    T.Q3_K: T.Q4_0,
    T.Q4_K: T.Q5_0,
    T.Q5_K: T.Q5_1,
    T.Q6_K: T.Q8_0,
}


class Mixture:
    """The types of one model's tensors at one size. `names`: all tensors of the model."""

    def __init__(self, size: Size, model: ModelFacts, names: Sequence[str], *, importance: bool) -> None:
        self.size = size
        self.model = model
        self.importance = importance
        categories = [category_of(name) for name in names]
        self._tied = Category.OUTPUT not in categories
        self._value_count = sum(category.like_attention_v for category in categories)
        self._values_seen = 0
        self._seen = {Category.FFN_UP: 0, Category.FFN_GATE: 0, Category.FFN_DOWN: 0}

    def type_of(self, tensor: TensorFacts) -> T:
        """The type of the next tensor, one that categories.may_quantize allows."""
        if not self.size.quantized:
            return self.size.type
        return fitting(self._wanted(tensor), tensor.columns)

    def _wanted(self, tensor: TensorFacts) -> T:
        category = category_of(tensor.name)
        held = self._held_of_glm5_next(tensor.name)
        if held is not None:
            return held
        if category is Category.OUTPUT or (self._tied and category is Category.TOKEN_EMBEDDING):
            return self._output(tensor)
        if self.size.name == "MXFP4_MOE":
            return self._mxfp4(tensor, category)
        if category is Category.TOKEN_EMBEDDING:
            return self._embedding()
        if self.size.name in _TINY:
            return self._tiny(category)
        if category.like_attention_v:
            return self._attention_value()
        rule: dict[Category, Callable[[TensorFacts], T]] = {
            Category.ATTENTION_K: self._attention_key,
            Category.ATTENTION_Q: self._attention_query,
            Category.ATTENTION_OUTPUT: self._attention_output,
            Category.FFN_DOWN: self._ffn_down,
            Category.FFN_GATE: lambda tensor: self._ffn_wide(tensor, Category.FFN_GATE),
            Category.FFN_UP: lambda tensor: self._ffn_wide(tensor, Category.FFN_UP),
        }
        return rule[category](tensor) if category in rule else self.size.type

    def _held_of_glm5_next(self, name: str) -> T | None:
        parts = ("attn_q_a", "attn_q_b", "nextn.eh_proj")
        if self.model.architecture == "glm5-next" and any(part in name for part in parts):
            return T.Q8_0
        return None

    def _output(self, tensor: TensorFacts) -> T:
        """The output matrix, and the embedding where it serves as output too."""
        base = self.size.type
        if base is T.MXFP4 or self.model.architecture == "falcon" or tensor.columns % base.block_elements:
            return T.Q8_0
        if self.size.name in _TINY or self.size.name == "IQ3_XXS":
            return T.Q5_K
        return base if base is T.Q8_0 else T.Q6_K

    def _mxfp4(self, tensor: TensorFacts, category: Category) -> T:
        experts = len(tensor.shape) > 2 and tensor.shape[-3] > 1
        if self.model.architecture == "bailingmoe3":  # its MLA projections are three-dimensional too
            experts = experts and category in (Category.FFN_UP, Category.FFN_GATE, Category.FFN_DOWN)
        return T.MXFP4 if experts else T.Q8_0

    def _embedding(self) -> T:
        if self.size.name in ("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS"):
            return T.Q2_K
        if self.size.name in ("IQ2_S", "IQ2_M", "IQ3_XXS"):
            return T.IQ3_S
        return self.size.type

    def _tiny(self, category: Category) -> T:
        """The sizes around 2 bits."""
        better = T.IQ3_S if self.size.name in _TINY_BUT_ROOMY else T.Q2_K
        if category.like_attention_v:
            return T.Q4_K if self.model.heads_a_kv_head >= 4 or self.model.experts >= 4 else better
        if category is Category.ATTENTION_K and self.model.experts == 8:
            return T.Q4_K
        if category is Category.FFN_DOWN:
            first = self._seen[category] < self.model.layers // 8
            self._seen[category] += 1
            return better if first else self.size.type
        if category is Category.ATTENTION_OUTPUT:
            if self.model.experts == 8:
                return T.Q5_K
            if self.size.name in ("IQ1_S", "IQ1_M"):
                return T.IQ2_XXS
            if self.size.name in _TINY_BUT_ROOMY:
                return T.IQ3_S
        return self.size.type

    def _attention_value(self) -> T:
        size, place = self.size.name, self._values_seen
        self._values_seen += 1
        if self.model.experts == 8:
            return T.Q8_0
        shared = self.model.heads_a_kv_head >= 4
        chosen = self.size.type
        if size == "Q2_K":
            chosen = T.Q4_K if shared else T.Q3_K
        elif size == "IQ3_XXS":
            chosen = T.Q4_K if shared else T.IQ3_XXS if self.importance else T.IQ3_S
        elif size == "IQ3_M" or (size in ("Q2_K_S", "IQ3_XS", "IQ3_S") and shared):
            chosen = T.Q4_K
        elif size == "Q3_K_M":
            chosen = T.Q5_K if place < 2 else T.Q4_K
        elif size == "Q3_K_L" or (size in _IQ4 and shared):
            chosen = T.Q5_K
        elif size in ("Q4_K_M", "Q5_K_M") and _more_bits(place, self._value_count):
            chosen = T.Q6_K
        elif size == "Q4_K_S" and place < 4:
            chosen = T.Q5_K
        if self.model.is_70b and chosen in (T.Q3_K, T.Q4_K):  # eight heads share it: more bits cost next to nothing
            return T.Q5_K
        return chosen

    def _attention_key(self, _: TensorFacts) -> T:
        return T.Q8_0 if self.model.experts == 8 else self._attention_query(_)

    def _attention_query(self, _: TensorFacts) -> T:
        return {"IQ3_XS": T.IQ3_XXS, "IQ3_XXS": T.IQ2_S}.get(self.size.name, self.size.type)

    def _attention_output(self, _: TensorFacts) -> T:
        size = self.size.name
        if self.model.architecture == "falcon":
            return T.Q4_K if size == "Q3_K_L" else self.size.type
        if self.model.experts == 8:
            return T.Q5_K if size in _Q5_FOR_ATTENTION_OUTPUT_OF_8_EXPERTS else self.size.type
        better = {"Q2_K": T.Q3_K, "IQ3_XXS": T.IQ3_S, "Q3_K_M": T.Q4_K, "Q3_K_L": T.Q5_K, "IQ3_M": T.Q4_K}
        return better.get(size, self.size.type)

    def _ffn_down(self, tensor: TensorFacts) -> T:
        layer, layers = self._place(tensor, Category.FFN_DOWN), self.model.layers
        size, base = self.size.name, self.size.type
        falcon = self.model.architecture == "falcon"
        first_eighth = layer < layers // 8
        if size == "Q2_K":
            return T.Q3_K
        if size == "Q2_K_S":
            return T.Q4_K if first_eighth else base
        if size == "IQ3_XXS" and not self.importance:
            return T.Q4_K if first_eighth else T.Q3_K
        if size == "IQ3_M":
            more = self.model.experts == 8 and _more_bits(layer, layers)
            return T.Q4_K if first_eighth or more else base
        if size == "Q3_K_M":
            if layer < layers // 16:
                return T.Q5_K
            return T.Q4_K if not falcon or _more_bits(layer, layers) else T.Q3_K
        if size == "Q3_K_L":
            return T.Q4_K if falcon else T.Q5_K
        if size == "Q4_K_M":
            better = T.Q5_K if falcon and layer >= layers // 16 else T.Q6_K
            return better if _more_bits(layer, layers) else base
        if size == "Q5_K_M":
            return T.Q6_K if _more_bits(layer, layers) else base
        if not first_eighth:
            return base
        if (size in _IQ4 and not self.importance) or (size == "Q4_K_S" and not falcon):
            return T.Q5_K
        if self.importance and size in ("Q4_0", "Q5_0"):  # the first layers can go astray with an importance matrix
            return T.Q4_1 if size == "Q4_0" else T.Q5_1
        return base

    def _ffn_wide(self, tensor: TensorFacts, category: Category) -> T:
        layer, layers = self._place(tensor, category), self.model.layers
        if self.size.name == "IQ3_XS" and layers // 8 <= layer < 7 * layers // 8:
            return T.IQ3_XXS
        return self.size.type

    def _place(self, tensor: TensorFacts, category: Category) -> int:
        """The layer: by counting, but by name where experts may be several tensors a layer."""
        counted = self._seen[category]
        self._seen[category] += 1
        return layer_of(tensor.name) if self.model.experts > 1 else counted


def fitting(wanted: T, columns: int) -> T:
    """The wanted type, or one with smaller blocks where a row of `columns` is not a whole number of blocks; F16 where
    none fits."""
    if columns % wanted.block_elements == 0:
        return wanted
    smaller = _SMALLER_BLOCKS.get(wanted, wanted)
    return T.F16 if columns % smaller.block_elements else smaller


def _more_bits(place: int, count: int) -> bool:
    """The first and last eighth, and every third between."""
    return place < count // 8 or place >= 7 * count // 8 or (place - count // 8) % 3 == 2
