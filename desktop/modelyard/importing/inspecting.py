"""From a Source to an Inspection. Headers only; kilobytes, also of a remote repository."""

from __future__ import annotations

from ..events import CancelToken
from .inspection import Inspection
from .sources import AdapterFolder, CheckpointFolder, GgufFile, HubRepo, LibraryModel, Source
from .surroundings import Surroundings


def inspect(source: Source, surroundings: Surroundings, cancel: CancelToken) -> Inspection:
    """Raises the coded errors of whatever is read. An Inspection with `refusal` is a thing understood and not
    importable; an exception is a thing not understood.

    Each kind brings its own readers, imported when first needed: a GGUF needs neither numpy nor a tokenizer.
    """
    match source:
        case GgufFile(path=path):
            from .inspect_gguf import inspect_gguf

            return inspect_gguf(source, path, surroundings.machine)
        case CheckpointFolder(path=path):
            from .inspect_checkpoint import inspect_checkpoint

            return inspect_checkpoint(source, path, surroundings.machine)
        case AdapterFolder():
            from .inspect_lora import inspect_adapter

            return inspect_adapter(source, surroundings, cancel)
        case HubRepo():
            from .inspect_hub import inspect_hub

            return inspect_hub(source, surroundings, cancel)
        case LibraryModel():
            from .inspect_library import inspect_library

            return inspect_library(source, surroundings)
