"""What all families share: the reference's TextModel (conversion/base.py) as data and a few steps to override.

A family is a short class: its class names, llama.cpp's architecture, which tensors change how, which further keys of
the configuration become which metadata. The order in which keys are added is the order of the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

import gguf

from ..errors import Code, ModelyardError
from ..formats.ggml_types import GgmlType
from . import lazy
from .config import Config, bounded, read_text_config
from .keys import Keys
from .lazy import Lazy
from .model import Model
from .names import TensorNames, block_of
from .rope import global_rope, llama3_factors, rope_parameters, write_rope
from .vocab.bpe import write_bpe

Row = tuple[str, tuple[str, ...]]  # the part of a writer's method after "add_", and the configuration keys, first wins
Rows = tuple[Row, ...]
Names = tuple[str, ...]
Permuted = tuple[tuple[str, str], ...]  # suffix, and whether it has as many heads as "heads" or "key_heads"
Named = Iterator[tuple[str, Lazy]]
Change = Callable[[Lazy], Lazy]

# Tensors of other modalities inside a text checkpoint (conversion/base.py TextModel.filter_tensors).
_OTHER_STARTS = (
    "mlp",
    "vit.",
    "vpm.",
    "siglip2.",
    "conformer.",
    "merger.",
    "resampler.",
    "sound_encoder.",
    "sound_projection.",
    "speech_embeddings.",
)
_OTHER_PARTS = (
    "visual. vision. audio. talker. vision_ audio_ token2wav. code2wav. projector. pre_mm_projector_norm "
    "image_newline view_seperator patch_embed patch_embedding patch_merger. patch_merge_mlp. "
    "model.connector."
)
_OTHER = re.compile("|".join(map(re.escape, _OTHER_PARTS.split())))
_NEVER = (".attention.masked_bias", ".attention.bias", ".rotary_emb.inv_freq", ".attn.masked_bias")

_SHAPE: Rows = (
    (
        "context_length",
        ("max_position_embeddings", "n_ctx", "n_positions", "max_length", "max_sequence_length", "model_max_length"),
    ),
    ("embedding_length", ("hidden_size", "n_embd", "dim")),
    (
        "feed_forward_length",
        ("prefix_dense_intermediate_size", "dense_intermediate_size", "intermediate_size", "n_inner", "hidden_dim"),
    ),
    ("head_count", ("num_attention_heads", "n_head", "n_heads")),
    ("head_count_kv", ("num_key_value_heads", "n_kv_heads")),
)
_REST: Rows = (
    ("layer_norm_rms_eps", ("rms_norm_eps", "norm_eps")),
    ("layer_norm_eps", ("layer_norm_eps", "layer_norm_epsilon", "norm_epsilon")),
    ("expert_count", ("num_local_experts", "num_experts", "n_routed_experts")),
    ("expert_used_count", ("num_experts_per_tok", "num_experts_per_token", "top_k_experts")),
    ("expert_group_count", ("n_group",)),
    ("expert_group_used_count", ("topk_group",)),
)
_SCORES = "score_function scoring_func score_func moe_router_activation moe_router_activation_func expert_selection_fn"


class Family:
    """title: the models' own names. proof: how its results are tested: "golden" (llama.cpp's recorded results),
    "reference" (compared with llama.cpp's converter on tiny checkpoints), "builder" (checkpoints of our own).
    classes: names in config.json's `architectures`. arch: llama.cpp's architecture. text_only: classes that hold
    more than text, of which only the text is converted. own_names: results outside llama.cpp's table
    of names. extra: keys written after the common ones, where the configuration has them.

    permuted: suffixes of query and key tensors stored for transformers' rotary order, and whose heads they have.
    plus_one: endings of norms stored around zero. skipped: endings of tensors llama.cpp does not want.
    experts: names of the matrices of an expert in the order they are written; expert_path: where they stand below a
    layer. keeps_ahead: the layers that predict a further token, which come after the others, are kept.
    scales_like_llama3: a rope_type "llama3" becomes a tensor of frequency factors. scores: how a router scores experts
    where the configuration does not say and llama.cpp knows no default."""

    title: str
    proof: str
    classes: ClassVar[Names]
    arch: str
    own_names: ClassVar[Names] = ()
    text_only: ClassVar[Names] = ()
    extra: ClassVar[Rows] = ()
    permuted: ClassVar[Permuted] = ()
    plus_one: ClassVar[Names] = ()
    experts: ClassVar[Names] = ("down_proj", "gate_proj", "up_proj")
    expert_path: ClassVar[str] = "mlp.experts"
    skipped: ClassVar[Names] = ()
    keeps_ahead: ClassVar[bool] = False
    scales_like_llama3: ClassVar[bool] = False
    scores: ClassVar[str] = ""

    def __init__(self, model: Model) -> None:
        """Raises CONFIG_KEY_MISSING."""
        self.model = model
        self.config = self.prepare(model.config)
        model.config = self.config
        self.rope = rope_parameters(self.config)
        self.blocks = bounded("num_hidden_layers", self.count_blocks())
        self.names = TensorNames(self.arch, self.blocks)
        self._expert_parts: dict[tuple[str, int], dict[str, Lazy]] = {}

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Config:
        """The configuration this family works on, from config.json."""
        return read_text_config(raw)

    def prepare(self, config: Config) -> Config:
        """The configuration after this family's own corrections."""
        return config

    def count_blocks(self) -> int:
        return int(self.config.need("num_hidden_layers", "n_layers", "n_layer", "num_layers")) + self.ahead

    @property
    def ahead(self) -> int:
        """How many layers that predict a further token are kept."""
        return max(0, int(self.config.get("num_nextn_predict_layers") or 0)) if self.keeps_ahead else 0

    def is_ahead(self, name: str) -> bool:
        layer = block_of(name)
        return layer is not None and layer >= self.blocks - self.ahead

    # --- tensors ---------------------------------------------------------------------------------------------------

    def rename(self, name: str) -> str | None:
        """The name a checkpoint's tensor goes on with, None if it is not part of this model."""
        if name.startswith(_OTHER_STARTS) or _OTHER.search(name):
            return None
        if name.endswith((*_NEVER, *self.skipped)):
            return None
        return name.replace("e_score_correction_bias", "e_score_correction.bias").replace("language_model.", "")

    def extra_tensors(self, keys: Keys) -> Named:
        """Tensors that stand in no file; keys added here come before all others."""
        factors = llama3_factors(self.rope, self.config.head_size) if self.scales_like_llama3 else None
        if factors is not None:
            yield "rope_freqs.weight", lazy.constant(factors)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        """What becomes of one tensor: none, one or several, by any name the tensor table knows."""
        for suffix, heads in self.permuted:
            if name.endswith((f"{suffix}.weight", f"{suffix}.bias")):
                tensor = lazy.permuted(tensor, self.config.heads if heads == "heads" else self.config.key_heads)
        if self.plus_one and name.endswith(self.plus_one):
            tensor = lazy.plus_one(tensor)
        if block is not None and f".{self.expert_path}." in name:
            yield from self.stack_experts(name, tensor, block)
        else:
            yield name, tensor

    def stack_experts(self, name: str, tensor: Lazy, block: int, path: str = "", count: int = 0) -> Named:
        """Collects the matrices of single experts; the last one of a layer brings the three stacks. `path`, `count`:
        of other experts than expert_path's."""
        path, count = path or self.expert_path, count or self.expert_count
        _, _, tail = name.partition(f".{path}.")
        number, _, matrix = tail.partition(".")
        if not number.isdecimal():
            yield from self._joined_experts(name, tensor)
            return
        parts = self._expert_parts.setdefault((path, block), {})
        parts[tail] = tensor
        if len(parts) < count * len(self.experts):
            return
        del self._expert_parts[path, block]
        suffix = matrix.rpartition(".")[2]
        for kind in self.experts:
            wanted = [f"{expert}.{kind}.{suffix}" for expert in range(count)]
            missing = [each for each in wanted if each not in parts]
            if missing:
                raise self.missing(f"{name.partition(tail)[0]}{missing[0]}")
            yield self.expert_name(block, kind), lazy.stacked([parts[each] for each in wanted])

    def _joined_experts(self, name: str, tensor: Lazy) -> Named:
        """Newer files hold the experts of a layer as one tensor, gate and up together."""
        stem = name.removesuffix(".weight")
        if stem.endswith(".gate_up_proj"):
            base, half = stem.removesuffix("gate_up_proj"), tensor.shape[-2] // 2
            yield f"{base}gate_proj.weight", lazy.middle_sliced(tensor, 0, half)
            yield f"{base}up_proj.weight", lazy.middle_sliced(tensor, half, 2 * half)
        else:
            yield f"{stem}.weight" if stem.endswith(".down_proj") else name, tensor

    @property
    def expert_count(self) -> int:
        return int(self.config.need("num_experts", "num_local_experts", "n_routed_experts"))

    def expert_name(self, block: int, kind: str) -> str:
        return f"model.layers.{block}.{self.expert_path}.{kind}.weight"

    def finish(self) -> Named:
        """After the last tensor. Raises TENSOR_MISSING for a layer whose experts are not all there."""
        for (path, block), parts in self._expert_parts.items():
            raise self.missing(f"model.layers.{block}.{path}.* ({len(parts)})")
        yield from ()

    def is_own_name(self, name: str) -> bool:
        return name in self.own_names

    def missing(self, name: str) -> ModelyardError:
        return ModelyardError(Code.TENSOR_MISSING, name=name)

    def fixed_type(self, source: str, name: str, tensor: Lazy) -> GgmlType | None:
        """A type the tensor must have whatever the size, beyond the common rules. `source`: its name before mapping."""
        return None

    # --- metadata --------------------------------------------------------------------------------------------------

    def write_type(self, keys: Keys) -> None:
        keys.add_type(gguf.GGUFType.MODEL)

    def write_parameters(self, keys: Keys) -> None:
        """TextModel.set_gguf_parameters, then this family's further keys."""
        keys.add_block_count(self.blocks)
        self.write_rows(_SHAPE, keys)
        if self.config.get("is_causal") is False:
            keys.add_causal_attention(False)
        write_rope(self.rope, keys)
        self.write_rows(_REST, keys)
        self._write_gating(keys)
        if (size := self.config.get("head_dim")) is not None:
            keys.add_key_length(size)
            keys.add_value_length(size)
        keys.add_file_type()
        self.write_rows(self.extra, keys)

    def write_base_of_version_5(self, keys: Keys) -> None:
        """The rotary base of families for which the reference leaves it out and llama.cpp takes 10 000. Written where
        transformers 5 saved another one, as rope_parameters; older files stay as the reference has them."""
        base = global_rope(self.rope).get("rope_theta")
        if "rope_parameters" in self.config and base not in (None, 10000):
            keys.add_rope_freq_base(base)

    def write_rows(self, rows: Iterable[Row], keys: Keys) -> None:
        for method, names in rows:
            value = self.config.find(*names)
            if value is not None:
                getattr(keys, f"add_{method}")(value)

    def _write_gating(self, keys: Keys) -> None:
        score = self.config.find(*_SCORES.split())
        if score is None:
            score = self.scores
        if not score:
            return
        kind = {"sigmoid": "SIGMOID", "softmax": "SOFTMAX", "sqrtsoftplus": "SQRTSOFTPLUS"}.get(score)
        if kind is None:
            raise ModelyardError(Code.CONFIG_INVALID, name="config.json", detail=f"score function {str(score)[:40]}")
        keys.add_expert_gating_func(gguf.ExpertGatingFuncType[kind])

    def write_vocabulary(self, keys: Keys) -> None:
        write_bpe(self.model, keys)


def swa_pattern(config: Config, kind: str = "sliding_attention") -> list[bool]:
    """Which layers have a sliding window, from layer_types."""
    types: list[Any] = config["layer_types"]
    return [each == kind for each in types]
