"""An add-on merged into its base while streaming: the result is a model of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..events import CancelToken, Listener, Step
from ..formats.adapter import Adapter, open_adapter
from ..hub.look import list_repository
from .addons import WithAddon, find_base
from .gguf_base import merged_with_gguf, rows_of
from .plan import ImportPlan
from .prepare_checkpoint import prepare_checkpoint, write_rows
from .prepared import Prepared, state_of
from .sources import AdapterFolder, GgufFile, HubRepo
from .steps import step
from .stream_hub import Stream
from .surroundings import Surroundings


def prepare_adapter(
    source: AdapterFolder,
    plan: ImportPlan,
    folder: Path,
    surroundings: Surroundings,
    listener: Listener,
    cancel: CancelToken,
) -> Prepared:
    """Raises ADAPTER_*, and what preparing the base raises."""
    adapter = open_adapter(source.path)
    identity = state_of(each for each in sorted(source.path.iterdir()) if each.is_file())
    return prepare_merged(adapter, source.base, identity, plan, folder, surroundings, listener, cancel)


def prepare_merged(
    adapter: Adapter,
    wanted_base: str,
    identity: str,
    plan: ImportPlan,
    folder: Path,
    surroundings: Surroundings,
    listener: Listener,
    cancel: CancelToken,
) -> Prepared:
    """`identity`: the state of the add-on's files, for resuming."""
    base = find_base(adapter, wanted_base, surroundings)
    if isinstance(base, GgufFile):
        return _with_gguf(adapter, base.path, identity, plan, folder, surroundings, listener, cancel)
    view = WithAddon(adapter)
    if not isinstance(base, HubRepo):
        prepared = prepare_checkpoint(
            base.path, plan, folder, surroundings, listener, cancel, view=view, identity=identity
        )
        return replace(prepared, original=None)
    with surroundings.hub() as session:
        listing = list_repository(session, base.id, base.revision, cancel)
        place = folder / "fetched"
        if plan.choice.keep_original:
            place = surroundings.folders.downloads.joinpath(*listing.id.split("/"))
        stream = Stream(plan, folder, place, session, listing, surroundings, listener, cancel, view, identity)
        return stream.run()


def _with_gguf(
    adapter: Adapter,
    base: Path,
    identity: str,
    plan: ImportPlan,
    folder: Path,
    surroundings: Surroundings,
    listener: Listener,
    cancel: CancelToken,
) -> Prepared:
    with step(Step.LOOKING, listener):
        content, files = merged_with_gguf(adapter, base)
    reader = rows_of(files, adapter)
    identity += state_of(file.path for file in files)
    try:
        return write_rows(reader, content, identity, plan, folder, surroundings, listener, cancel)
    finally:
        reader.close()
