"""Inspection of an add-on: together with its base it is a model of its own."""

from __future__ import annotations

from dataclasses import replace

from ..errors import ModelyardError
from ..events import CancelToken
from ..formats.adapter import Adapter
from ..formats.checkpoint import Checkpoint
from ..formats.hf_folder import open_checkpoint
from .addons import Base, BasePlace, WithAddon, find_base, open_addon, place_of
from .gguf_base import merged_with_gguf
from .inspect_checkpoint import checkpoint_inspection, content_inspection
from .inspection import Inspection, Note, Refusal
from .naming import shown_title, technical_name
from .planned import contents_of
from .sources import AdapterFolder, GgufFile, HubRepo
from .surroundings import Surroundings


def inspect_adapter(source: AdapterFolder, surroundings: Surroundings, cancel: CancelToken) -> Inspection:
    """Raises the coded errors of reading the add-on; trouble with its base comes back as a refusal."""
    return addon_inspection(source, open_addon(source.path), source.base, surroundings, cancel)


def addon_inspection(
    source: AdapterFolder | HubRepo,
    adapter: Adapter,
    wanted_base: str,
    surroundings: Surroundings,
    cancel: CancelToken,
) -> Inspection:
    """The add-on from anywhere, merged in thought with its base."""
    title = shown_title(adapter.name, "")
    risks = tuple(Note(risk) for risk in adapter.risks)
    found = BasePlace(adapter.base_model or "", "")
    try:
        base = find_base(adapter, wanted_base, surroundings)
        found = place_of(base, wanted_base)
        seen = _seen(source, adapter, base, surroundings, cancel, title)
        risks = (*seen.risks, *risks)
        return replace(seen, form="adapter", base_model=found.name, base_place=found.place, risks=risks)
    except ModelyardError as error:
        return Inspection(
            source,
            "adapter",
            title,
            technical_name(title),
            family="LoRA",
            base_model=found.name,
            base_place=found.place,
            refusal=Refusal.of(error),
            risks=risks,
        )


def _seen(
    source: AdapterFolder | HubRepo,
    adapter: Adapter,
    base: Base,
    surroundings: Surroundings,
    cancel: CancelToken,
    title: str,
) -> Inspection:
    match base:
        case HubRepo():
            with surroundings.hub() as session:
                from .hub_look import look_at  # takes its time to load, for a base that lies far away

                checkpoint = look_at(session, base, cancel).checkpoint
                return _merged(source, checkpoint, adapter, surroundings, checkpoint.weight_bytes)
        case GgufFile():
            content, _ = merged_with_gguf(adapter, base.path)
            return content_inspection(source, content, adapter.shard.size, surroundings.machine, title)
        case folder:
            return _merged(source, open_checkpoint(folder.path), adapter, surroundings, 0)


def _merged(
    source: AdapterFolder | HubRepo,
    checkpoint: Checkpoint,
    adapter: Adapter,
    surroundings: Surroundings,
    download_bytes: int,
) -> Inspection:
    seen = checkpoint_inspection(
        source,
        checkpoint,
        surroundings.machine,
        contents=lambda table: contents_of(WithAddon(adapter)(table)),
        download_bytes=download_bytes,
        title=adapter.name,
    )
    return replace(seen, source_bytes=adapter.shard.size, original=checkpoint.original)
