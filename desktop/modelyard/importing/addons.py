"""Add-ons (LoRA) and the base models they belong to."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from ..convert.dequantize import unpacked
from ..convert.lora import merged
from ..errors import Code, ModelyardError
from ..formats.adapter import Adapter, open_adapter
from ..formats.checkpoint import TensorTable
from ..hub.links import is_repository_id
from ..quantize.native import add_product
from .sources import CheckpointFolder, GgufFile, HubRepo, LibraryModel
from .surroundings import Surroundings

Base = CheckpointFolder | HubRepo | GgufFile

# What training programs call their folders whatever is trained: the add-on is called after the folder above.
_SAYS_NOTHING = re.compile(
    r"(?:global_)?(?:checkpoint|step|epoch)s?(?:[-_]?\d+)?|default|adapters?|adapter[-_]model|lora|qlora|lora[-_]model"
    r"|lora[-_]out|sft|dpo|orpo|kto|grpo|ppo|simpo|pt|outputs?|out|results?|final|final[-_]\w+|best|last|latest|saves?"
    r"|saved|saved_models?|models?|peft|peft[-_]model|train(?:ing)?|train_[\d_-]+|run-?\d*|runs|v\d+-\d{8}-\d{6}|tmp|temp",
    re.IGNORECASE,
)
_LEVELS = 5
_QUANTIZED_TAIL = re.compile(r"-(?:unsloth-)?bnb-4bit$|-GPTQ.*$|-AWQ$|-4bit$", re.IGNORECASE)


@dataclass(frozen=True)
class WithAddon:
    """Turns the base's table into the merged one."""

    adapter: Adapter

    def __call__(self, base: TensorTable) -> TensorTable:
        """Raises ADAPTER_MISMATCH, ADAPTER_INVALID, ADAPTER_UNSUPPORTED, PACKING_*."""
        return merged(unpacked(base), self.adapter, add_product)


def open_addon(path: Path) -> Adapter:
    """The add-on in a folder, called so that the name says something. Raises as formats.adapter.open_adapter does."""
    adapter = open_adapter(path)
    return replace(adapter, name=addon_name(path, adapter.base_model or ""))


def addon_name(folder: Path, base_model: str) -> str:
    """The nearest folder's name that says something ("pirate" of pirate/lora/checkpoint-500); the base's and "-lora"
    where there is none, or where that is all it says."""
    base = re.split(r"[/\\]", base_model.rstrip("/\\"))[-1]
    absolute = folder.absolute()
    for level in (absolute, *absolute.parents)[:_LEVELS]:
        if level in (Path.home(), level.parent):
            break
        if not _SAYS_NOTHING.fullmatch(level.name):
            return f"{level.name}-lora" if level.name.lower() == base.lower() else level.name
    return f"{base}-lora" if base else absolute.name


@dataclass(frozen=True)
class BasePlace:
    """name: what to call a base. place: the folder or file it lies in; "hub"; "library"."""

    name: str
    place: str


def place_of(base: Base, wanted: str) -> BasePlace:
    """Where find_base(…, wanted, …) found it, to be said to the person."""
    if isinstance(base, HubRepo):
        return BasePlace(base.id, "hub")
    engine, _, installed = wanted.partition(":")
    if isinstance(base, GgufFile) and engine in ("builtin", "ollama") and installed:
        return BasePlace(installed, "library")
    return BasePlace(base.path.name, str(base.path))


def find_base(adapter: Adapter, wanted: str, surroundings: Surroundings) -> Base:
    """Where the base model is: what the person said (an installed model too), else what the add-on says. An add-on
    trained on a 4-bit copy is merged into the original it was made from. Raises ADAPTER_BASE_MISSING."""
    from .understand import parse_source

    named = wanted or adapter.base_model or ""
    if wanted:
        source = parse_source(wanted)
        if isinstance(source, LibraryModel):
            location = surroundings.engine(source.engine).show(source.name).model.location
            source = GgufFile(location) if location is not None else source
        if isinstance(source, CheckpointFolder | HubRepo | GgufFile):
            return source
    elif named:
        path = Path(named)
        if path.is_absolute() and path.is_dir():
            return CheckpointFolder(path)
        if is_repository_id(named):
            return HubRepo(_QUANTIZED_TAIL.sub("", named) if named.startswith("unsloth/") else named)
    raise ModelyardError(Code.ADAPTER_BASE_MISSING, name=adapter.name, base_model=named or "–")
