"""Which tensor of the base each tensor of an add-on belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import Code, ModelyardError
from ..formats.adapter import Adapter
from ..formats.checkpoint_tensor import StoredTensor

_PREFIX = "base_model.model."
# lora_A.weight, lora_A.default.weight (or another name of the add-on), lora_embedding_A; MLX: lora_a
_HALF = re.compile(r"\.lora_(?:(?P<half>[AB])(?:\.\w+)?\.weight|embedding_(?P<rows>[AB])(?:\.\w+)?|(?P<mlx>[ab]))$")
_BIAS = re.compile(r"\.lora_B(?:\.\w+)?\.bias$")
_TOKENS = re.compile(r"(?:\.token_adapter)?\.trainable_tokens_delta(?:\.\w+)?$")
_KEPT_APART = re.compile(r"\.modules_to_save(?:\.default)?(?=\.)|\.token_adapter(?=\.)|\.base_layer(?=\.)")
_NOT_FOR_TEXT = ("score.", "classifier.", "v_head.", "summary.")  # heads of other tasks, trained along
# Put into names by what wraps a model while it is trained (torch.compile, FSDP, checkpoints of activations).
_WRAPPERS = re.compile(r"\b(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")
_MODEL = ("model", "language_model", "transformer", "base_model", "module")
_OTHER_PATHS = ((".mlp.", ".block_sparse_moe."),)  # transformers 5 renamed some layers, not those stored


@dataclass(frozen=True)
class LoraPair:
    """module: the base's module without ".weight"; down: A (rank, inputs); up: B (outputs, rank). turned: both are
    stored transposed. depth: how many more of the module's parameters have a pair that lies around this one."""

    module: str
    down: StoredTensor
    up: StoredTensor
    embedding: bool
    turned: bool = False
    depth: int = 0

    @property
    def rank(self) -> int:
        return self.down.shape[1 if self.turned else 0]

    @property
    def inputs(self) -> int:
        return self.down.shape[0 if self.turned else 1]

    @property
    def outputs(self) -> int:
        return self.up.shape[1 if self.turned else 0]

    @property
    def target(self) -> str:
        return f"{self.module}.weight"


@dataclass(frozen=True)
class Parts:
    """What is in an add-on, by the base's names. whole: tensors that take the base's place. biases: a module's bias of
    B. tokens: new rows of an embedding or output."""

    pairs: list[LoraPair] = field(default_factory=list)
    whole: dict[str, StoredTensor] = field(default_factory=dict)
    biases: dict[str, StoredTensor] = field(default_factory=dict)
    tokens: dict[str, StoredTensor] = field(default_factory=dict)


def sorted_out(adapter: Adapter) -> Parts:
    """Raises ADAPTER_UNSUPPORTED (tensors of DoRA, convolutions), ADAPTER_INVALID (half a pair, no tensor at all)."""
    downs: dict[str, StoredTensor] = {}
    ups: dict[str, StoredTensor] = {}
    found = Parts()
    for name, tensor in adapter.tensors.items():
        plain = _WRAPPERS.sub("", name).removeprefix(_PREFIX).removeprefix("base_model.")
        if "lora_magnitude" in plain:
            raise unsupported(adapter, "DoRA")
        if half := _HALF.search(plain):
            letter = (half["half"] or half["rows"] or half["mlx"]).upper()
            module = plain[: half.start()]
            if module in (halves := downs if letter == "A" else ups):
                raise unsupported(adapter, "LoRA × 2")
            halves[module] = tensor
        elif bias := _BIAS.search(plain):
            found.biases[_KEPT_APART.sub("", f"{plain[: bias.start()]}.")[:-1]] = tensor
        elif ".lora_" in plain:
            raise unsupported(adapter, f"lora_{plain.rpartition('.lora_')[2]}")
        elif tokens := _TOKENS.search(plain):
            found.tokens[plain[: tokens.start()]] = tensor
        elif not plain.startswith(_NOT_FOR_TEXT) and ".original_module." not in plain:
            found.whole[_KEPT_APART.sub("", plain)] = tensor
    if downs.keys() != ups.keys() or not (downs or found.whole or found.tokens):
        odd = next(iter(downs.keys() ^ ups.keys()), "no tensors")
        raise invalid(adapter, f"{odd[:120]}: A or B is missing")
    found.pairs.extend(_pair(adapter, module, downs[module], ups[module]) for module in downs)
    return found


def _pair(adapter: Adapter, module: str, down: StoredTensor, up: StoredTensor) -> LoraPair:
    if len(down.shape) != 2 or len(up.shape) != 2:
        raise unsupported(adapter, f"{len(down.shape)}-dimensional LoRA")
    turned = down.name.endswith(".lora_a")  # MLX stores (inputs, rank) and (rank, outputs)
    if (up.shape[0] != down.shape[1] if turned else up.shape[1] != down.shape[0]) or 0 in (*up.shape, *down.shape):
        raise invalid(adapter, f"{module[:120]}: {list(up.shape)} × {list(down.shape)}")
    plain = module.replace(".base_layer", "")
    return LoraPair(plain, down, up, "lora_embedding" in down.name, turned, module.count(".base_layer"))


def unsupported(adapter: Adapter, method: str) -> ModelyardError:
    return ModelyardError(
        Code.ADAPTER_UNSUPPORTED, name=adapter.name, method=method[:80], base_model=adapter.base_model
    )


def invalid(adapter: Adapter, detail: str) -> ModelyardError:
    return ModelyardError(Code.ADAPTER_INVALID, name=adapter.name, detail=detail)


class BaseNames:
    """Finds a tensor of the base under the name an add-on has for it. Wrappers of the same model differ in prefixes:
    "model.", "language_model.", "transformer."."""

    def __init__(self, tensors: Mapping[str, StoredTensor], adapter: str, base: str) -> None:
        self._tensors = tensors
        self._adapter, self._base = adapter, base
        self._plain: dict[str, list[str]] = {}
        for name in tensors:
            self._plain.setdefault(_plain(name), []).append(name)

    def known(self, name: str) -> str | None:
        """The base's own name, None if it has none."""
        if name in self._tensors:
            return name
        plain = _plain(name)
        for each in (plain, *(plain.replace(*path, 1) for path in _OTHER_PATHS)):
            if len(same := self._plain.get(each, [])) == 1:
                return same[0]
        return None

    def find(self, name: str, can_be_new: bool = False) -> str:
        """The base's own name. can_be_new: return `name` itself where the base has none. Raises ADAPTER_MISMATCH."""
        found = self.known(name)
        if found is not None:
            return found
        if can_be_new and not self._plain.get(_plain(name)):
            return name
        raise self.mismatch(name)

    def mismatch(self, name: str) -> ModelyardError:
        return ModelyardError(Code.ADAPTER_MISMATCH, name=self._adapter, base=self._base, tensor=name[:200])


def _plain(name: str) -> str:
    parts = name.split(".")
    while len(parts) > 2 and parts[0] in _MODEL:
        parts = parts[1:]
    return ".".join(parts)
