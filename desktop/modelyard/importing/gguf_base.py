"""An add-on whose base is a GGUF: its tensors are read back as numbers and the sums made a model of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..convert.content import GgufContent
from ..convert.lora_gguf import GgufWithAddon, merged_gguf
from ..errors import Code, ModelyardError
from ..formats.adapter import Adapter
from ..formats.split import read_set
from ..quantize.gguf_source import GgufFile, GgufWeights, kept_metadata
from ..quantize.native import add_product


def merged_with_gguf(adapter: Adapter, path: Path) -> tuple[GgufContent, list[GgufFile]]:
    """What the two make together, and the base's files. Raises GGUF_*, ADAPTER_*."""
    whole, paths = read_set(path)
    files = [GgufFile(each, header) for each, header in zip(paths, whole.parts, strict=True)]
    architecture = whole.header.text("general.architecture")
    if not architecture:
        raise ModelyardError(Code.GGUF_NO_MODEL, name=path.name, kind="other")
    content = merged_gguf(architecture, kept_metadata(files[0]), whole.header.tensors, adapter, add_product)
    return replace(content, original="f32"), files  # the sums exist in float32 only


def rows_of(files: list[GgufFile], adapter: Adapter) -> GgufWithAddon:
    """Raises FILE_UNREADABLE, FILE_CHANGED. Close it."""
    return GgufWithAddon(GgufWeights(files), adapter)
