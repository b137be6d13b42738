"""The middle of an import: from a source to one finished GGUF file, ours or the person's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..engines.base import ModelDetails
from ..errors import Code, ModelyardError
from ..events import Step
from ..formats.gguf_facts import facts
from ..formats.split import read_set
from .inspect_gguf import paired_projector
from .inspect_library import projector_of
from .inspection import AS_IS
from .prepared import Prepared
from .sources import AdapterFolder, CheckpointFolder, GgufFile, HubRepo, LibraryModel
from .work import Work


def prepare(work: Work) -> Prepared:
    """Raises the coded errors of reading, fetching, converting and writing."""
    match work.plan.source:
        case GgufFile(path=path):
            return prepare_gguf(path, work)
        case CheckpointFolder(path=path) if work.plan.form == "extended":
            from .extended import prepare_extended

            return prepare_extended(path, work)
        case CheckpointFolder(path=path):
            from .prepare_checkpoint import prepare_checkpoint

            return prepare_checkpoint(path, work)
        case AdapterFolder() as addon:
            from .prepare_lora import prepare_adapter

            return prepare_adapter(addon, work)
        case HubRepo() as repository:
            from .prepare_hub import prepare_hub

            return prepare_hub(repository, work)
        case LibraryModel(engine=engine, name=name):
            return _from_library(work.surroundings.engine(engine).show(name), work)


def prepare_gguf(path: Path, work: Work, projectors: Sequence[Path] = ()) -> Prepared:
    """A ready file: used as it is, a split set made whole, mended, or made smaller. `projectors` may belong to it
    besides those that lie beside it."""
    with work.step(Step.LOOKING):
        whole, paths = read_set(path)
        known = facts(whole.header)
        projector = paired_projector(path, known, projectors)
        work.cancel.check()
    choice = work.plan.choice
    if choice.size == AS_IS and len(paths) == 1 and not choice.repair:
        made = Prepared(path, False, known.size, bool(known.chat_template), known.is_embedding)
    else:
        from .rewrite_gguf import rewrite

        with work.step(Step.PREPARING):
            made = rewrite(whole, paths, work)
    return replace(made, projector=projector, original=path)


def _from_library(details: ModelDetails, work: Work) -> Prepared:
    """Its role and its projector come along. The file belongs to its engine: it is no original to delete."""
    if not details.files:
        raise ModelyardError(Code.FILE_MISSING, name=details.model.name)
    prepared = prepare_gguf(details.files[0], work)
    projector = projector_of(details) or prepared.projector
    return replace(prepared, projector=projector, original=None, persona=details.persona)
