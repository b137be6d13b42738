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
from ..formats.hf_folder import base_model_of
from ..hub.links import is_repository_id
from ..quantize.native import add_product
from .addon_names import addon_name
from .sources import CheckpointFolder, GgufFile, HubRepo, LibraryModel
from .surroundings import Surroundings

Base = CheckpointFolder | HubRepo | GgufFile

_QUANTIZED_TAIL = re.compile(r"-(?:unsloth-)?bnb-4bit$|-GPTQ.*$|-AWQ$|-4bit$", re.IGNORECASE)


@dataclass(frozen=True)
class WithAddon:
    """Turns the base's table into the merged one."""

    adapter: Adapter

    def __call__(self, base: TensorTable) -> TensorTable:
        """Raises ADAPTER_MISMATCH, ADAPTER_INVALID, ADAPTER_UNSUPPORTED, PACKING_*."""
        return merged(unpacked(base), self.adapter, add_product)


def open_addon(path: Path, work: Path | None = None) -> Adapter:
    """The add-on in a folder or zip, called so that the name says something. See formats.adapter.open_adapter."""
    adapter = open_adapter(path, work)
    folder = path if path.is_dir() else path.with_suffix("") / adapter.name
    return replace(adapter, name=addon_name(folder, adapter.base_model or ""))


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
        if not is_repository_id(named):  # a folder of its maker's: the card often tells where the model came from
            named = base_model_of(adapter.files, {}) or named
        if is_repository_id(named):
            return HubRepo(_QUANTIZED_TAIL.sub("", named) if named.startswith("unsloth/") else named)
    raise ModelyardError(Code.ADAPTER_BASE_MISSING, name=adapter.name, base_model=named or "–")
