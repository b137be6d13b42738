"""An add-on merged into its base while streaming: the result is a model of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..events import Step
from ..formats.adapter import Adapter
from .addons import WithAddon, find_base, open_addon
from .gguf_base import merged_with_gguf, rows_of
from .prepare_checkpoint import finished, prepare_checkpoint
from .prepared import Prepared, state_of
from .sources import AdapterFolder, GgufFile, HubRepo
from .work import Work


def prepare_adapter(source: AdapterFolder, work: Work) -> Prepared:
    """Raises ADAPTER_*, and what preparing the base raises."""
    adapter = open_addon(source.path, work.folder / "add-on")
    files = sorted(source.path.iterdir()) if source.path.is_dir() else [source.path]
    identity = state_of(each for each in files if each.is_file())
    return prepare_merged(adapter, source.base, identity, work)


def prepare_merged(adapter: Adapter, wanted_base: str, identity: str, work: Work) -> Prepared:
    """`identity`: the state of the add-on's files, for resuming."""
    match find_base(adapter, wanted_base, work.surroundings):
        case GgufFile(path=path):
            return _with_gguf(adapter, path, identity, work)
        case HubRepo() as repository:
            from .hub_look import look_again  # these take their time to load, for a base that lies far away
            from .stream_hub import Stream

            with work.surroundings.hub() as session:
                look = look_again(session, repository, work.cancel)
                return Stream(work, session, look, WithAddon(adapter), identity).run()
        case folder:
            prepared = prepare_checkpoint(folder.path, work, view=WithAddon(adapter), identity=identity)
            return replace(prepared, original=None)


def _with_gguf(adapter: Adapter, base: Path, identity: str, work: Work) -> Prepared:
    with work.step(Step.LOOKING):
        content, files = merged_with_gguf(adapter, base)
    reader = rows_of(files, adapter)
    identity += state_of(file.path for file in files)
    try:
        with work.step(Step.PREPARING):
            written = work.write(content, reader, identity)
    finally:
        reader.close()
    return finished(content, work, written)
